"""Whoever is admitted to a store does what their policy says and nothing else, at every place, on both stores."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import requests
from botocore.exceptions import ClientError

from feedloop.adapters.bucket_setup import connect
from feedloop.domain import keys
from feedloop.domain.keys import ObjectRef
from local import stack
from local.identities import LABEL_STUDIO, policy
from local.policy import DELETE, GET, LIST, PUT, Policy
from tests.support.seeds import SOAK
from tests.support.servers import REGION, Server, fresh_store, independent_client, prefix_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.store

NAMES = [*(function.name for function in stack.load_functions()), LABEL_STUDIO]
OTHERS = "other-"
QUEUED = [f"{folder}/{queue}/x" for queue in keys.QUEUES for folder in ("labels", "curated", "open", "quarantine")]
QUEUED += [f"{folder}/{queue}/x" for queue in keys.REVIEW_QUEUES for folder in ("imported", "removed", "outcomes")]
TRACKING = [
    *(name + (".json" if name.startswith("labels/") else "") for name in QUEUED),
    *(f"quarantine/tasks-{queue}/x" for queue in keys.REVIEW_QUEUES),
    *(f"sync/{queue}.json" for queue in keys.REVIEW_QUEUES),
    *(f"leases/{name}.json" for name in NAMES),
    *("projects.json", "days/20261122.jsonl", f"requests/{'0' * 64}", "forgotten/x", "probe/x"),
]
LABELSTUDIO = [
    *("images/x.jpg", "export/x"),
    *(f"tasks/{queue}/x.json" for queue in keys.REVIEW_QUEUES),
    *(f"output/{queue}/x.json" for queue in keys.QUEUES),
]
RELEASE = [f"food11/{'0' * 64}/{file}" for file in ("card.json", "model.onnx", "model.pt", "verdict.json")]
PLACES = [
    *(ObjectRef(keys.PRODUCTION, key) for key in ("class_07/20261122/x.jpg", "notes/x.jpg")),
    *(ObjectRef(keys.LABELSTUDIO, key) for key in LABELSTUDIO),
    *(ObjectRef(keys.TRACKING, key) for key in TRACKING),
    *(ObjectRef(keys.MODELS, key) for key in ("current.json", "classes.json", "food11/classes.json", *RELEASE)),
    *(ObjectRef(bucket, "class_03/x.jpg") for bucket in keys.DATASETS.values()),
]
"""One object of every kind."""
EXAMPLES = PLACES if SOAK else list({(ref.bucket, ref.key.partition("/")[0]): ref for ref in PLACES}.values())
"""One place of every folder: what the store takes for the same action is tried there."""


@pytest.fixture(scope="module", params=["seaweedfs", "minio_server"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def prefix(server: Server) -> str:
    """Of a deployment with an object at every place; another one has the same."""
    prefix = prefix_of(fresh_store(server))
    server.create(OTHERS + bucket for bucket in keys.BUCKETS)
    owner = independent_client(server)
    for ref in PLACES:
        for deployment in (prefix, OTHERS):
            owner.put_object(Bucket=deployment + ref.bucket, Key=ref.key, Body=b"there")
    return prefix


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def guest(server: Server, name: str) -> "S3Client":
    return connect(server.endpoint, *server.keys_of(name), REGION)


Attempts = Iterator[tuple[str, bool, Callable[[], object]]]
"""What it is, whether the policy allows it, and how to do it. Nothing that is there goes away."""


def actions(guest: "S3Client", rights: Policy, ref: ObjectRef, prefix: str) -> Attempts:
    """The four that a policy speaks of."""
    may = lambda action, key: rights.allows(action, ObjectRef(prefix + ref.bucket, key))  # noqa: E731
    bucket, new = prefix + ref.bucket, ref.key.replace("/x", "/y")
    at: dict[str, Any] = {"Bucket": bucket, "Key": ref.key}
    folder = ref.key.rpartition("/")[0] + "/" if "/" in ref.key else ""
    yield "get", may(GET, ref.key), partial(guest.get_object, **at)
    yield "put", may(PUT, ref.key), partial(guest.put_object, **at, Body=b"there")
    yield "delete", may(DELETE, new), partial(guest.delete_object, Bucket=bucket, Key=new)
    yield "list", may(LIST, folder), partial(guest.list_objects_v2, Bucket=bucket, Prefix=folder)


def other_actions(guest: "S3Client", rights: Policy, ref: ObjectRef, prefix: str) -> Attempts:
    """What stores take for one of the four, and what no policy allows."""
    may = lambda action, key=ref.key: rights.allows(action, ObjectRef(prefix + ref.bucket, key))  # noqa: E731
    bucket, new = prefix + ref.bucket, ref.key.replace("/x", "/y")
    at: dict[str, Any] = {"Bucket": bucket, "Key": ref.key}
    there: dict[str, Any] = {"CopySource": f"{bucket}/{ref.key}", "MetadataDirective": "REPLACE"}
    yield "head", may(GET), partial(guest.head_object, **at)
    yield "create", may(PUT), partial(guest.put_object, **at, Body=b"there", IfNoneMatch="*")
    yield "copy", may(GET) and may(PUT, new), partial(guest.copy_object, Bucket=bucket, Key=new, **there)
    yield "list all", may(LIST, ""), partial(guest.list_objects_v2, Bucket=bucket)
    yield "read tags", False, partial(guest.get_object_tagging, **at)
    yield "tag", False, partial(guest.put_object_tagging, **at, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    yield "publish", False, partial(guest.put_object_acl, **at, ACL="public-read")


def refused(action: Callable[[], object]) -> bool:
    try:
        action()
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    return False


def wrongly_done(places: list[ObjectRef], each: Callable[[ObjectRef], Attempts]) -> set[str]:
    """Actions that were refused though they are allowed, or done though they are not."""
    return {
        f"{action} {ref.bucket}/{ref.key}: {'allowed' if allowed else 'refused'} by the policy"
        for ref in places
        for action, allowed, do in each(ref)
        if refused(do) is allowed
    }


def test_every_deed_at_every_place_is_done_exactly_when_the_policy_says_so(
    guest: "S3Client", name: str, prefix: str
) -> None:
    rights = Policy.parse(policy(name, prefix))
    assert wrongly_done(PLACES, lambda ref: actions(guest, rights, ref, prefix)) == set()
    assert wrongly_done(EXAMPLES, lambda ref: other_actions(guest, rights, ref, prefix)) == set()


def test_the_same_places_of_another_deployment_are_closed(guest: "S3Client") -> None:
    assert wrongly_done(EXAMPLES, lambda ref: actions(guest, Policy(()), ref, OTHERS)) == set()


def test_what_is_missing_is_told_as_missing_to_who_may_read_it(guest: "S3Client", name: str, prefix: str) -> None:
    rights = Policy.parse(policy(name, prefix))
    for ref in PLACES:
        asked = ObjectRef(prefix + ref.bucket, ref.key.replace("/x", "/missing"))
        missing = partial(guest.get_object, Bucket=asked.bucket, Key=asked.key)
        assert refused(missing) is not rights.allows(GET, asked)


def test_buckets_and_their_rules_are_closed(guest: "S3Client", name: str, prefix: str) -> None:
    for bucket in keys.BUCKETS:
        at: dict[str, Any] = {"Bucket": prefix + bucket}
        assert refused(partial(guest.put_bucket_policy, **at, Policy=policy(name, prefix)))
        assert refused(partial(guest.get_bucket_policy, **at))
        assert refused(partial(guest.delete_bucket, **at))
    assert refused(partial(guest.create_bucket, Bucket=f"{prefix}more"))


def test_nobody_comes_in_without_a_key(server: Server, prefix: str) -> None:
    for ref in PLACES:
        bucket = f"{server.endpoint}/{prefix}{ref.bucket}"
        asked = [requests.request(verb, f"{bucket}/{ref.key}", timeout=60) for verb in ("GET", "HEAD", "PUT", "DELETE")]
        asked += [requests.get(f"{bucket}?list-type=2", timeout=60), requests.get(server.endpoint, timeout=60)]
        assert {answer.status_code for answer in asked} == {403}


def test_what_a_function_writes_for_everybody_is_not_for_everybody(server: Server, prefix: str) -> None:
    """Both stores take the header that asks for it, and do not follow it."""
    guest = connect(server.endpoint, *server.keys_of("flag"), REGION)
    at: dict[str, Any] = {"Bucket": f"{prefix}labelstudio", "Key": "images/x.jpg"}
    guest.put_object(**at, Body=b"there", ACL="public-read")
    assert requests.get(f"{server.endpoint}/{prefix}labelstudio/images/x.jpg", timeout=60).status_code == 403
