"""Whether each function's own key opens what its policy says, and nothing that another's key opens.

By questions that change nothing: names that nobody has, and writes whose condition cannot hold.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from secrets import token_hex
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from feedloop import settings
from feedloop.adapters.bucket_setup import connect
from feedloop.domain import keys
from feedloop.domain.errors import StoreDown, WrongSetting
from feedloop.domain.keys import ObjectRef
from local.doctor.deployment import Deployment
from local.doctor.finding import Finding, ok, wrong
from local.identities import LABEL_STUDIO, keys_of, policy
from local.policy import DELETE, GET, LIST, PUT, Policy
from local.stack import KEYS, Function

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WORDS = {GET: "get", PUT: "put", DELETE: "delete", LIST: "list"}
_STALE = '"0123456789abcdef0123456789abcdef"'
_REFUSED, _FAILED = 403, 500
_AT_ONCE = 4


class StoreAction(NamedTuple):
    """What may be allowed or refused; of a listing, the key is the prefix. The bucket has its whole name."""

    verb: str
    ref: ObjectRef


def identities(deployment: Deployment) -> Finding:
    """Every pair works, is let in where its policy says, and nowhere else. Raises StoreDown."""
    functions = deployment.functions
    shared = len({function.keys for function in functions}) == 1
    examined = functions if shared else (*functions, *_label_studio(deployment))
    names = (*(function.name for function in functions), LABEL_STUDIO)
    policies = {name: Policy.parse(policy(name, deployment.settings.bucket_prefix)) for name in names}
    actions = list(_actions(deployment, policies.values()))
    examine = lambda one: _faults(deployment, one, policies[one.name], actions, shared=shared)  # noqa: E731
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        faults = [fault for of_one in pool.map(examine, examined) for fault in of_one]
    if faults:
        return wrong(*faults)
    if shared:
        return ok(f"all functions share the pair {functions[0].keys}, as S3_KEYS says: a break-in at one is one at all")
    return ok(f"the keys of {', '.join(one.name for one in examined)} open what their policies say, and nothing else")


def _label_studio(deployment: Deployment) -> Iterator[Function]:
    """Label Studio, which is no function, where its pair lies among the secrets."""
    stem = keys_of(LABEL_STUDIO)
    if (deployment.settings.secrets_dir / f"{stem}{settings.ACCESS_KEY}").exists():
        yield Function(LABEL_STUDIO, "", {KEYS: stem}, "", ())


def _actions(deployment: Deployment, policies: Iterable[Policy]) -> Iterator[StoreAction]:
    """One for each right that anybody has, and the whole of every bucket; none that could change anything."""
    nobody = token_hex(32)  # as long as the longest name that a policy spells out
    granted = {
        StoreAction(grant.action, ObjectRef(grant.bucket, grant.pattern.replace("*", nobody).replace("?", "0")))
        for rights in policies
        for grant in rights.grants
    }
    whole = {StoreAction(LIST, ObjectRef(deployment.bucket(bucket), "")) for bucket in keys.BUCKETS}
    whole |= {
        StoreAction(verb, ObjectRef(deployment.bucket(bucket), nobody))
        for bucket in keys.BUCKETS
        for verb in (GET, PUT)
    }
    for action in sorted(granted | whole):
        if action.verb != DELETE or (nobody in action.ref.key and not _is_watched(deployment, action.ref)):
            yield action


def _is_watched(deployment: Deployment, ref: ObjectRef) -> bool:
    """Whether a store might tell a function that something went away there."""
    plain = ObjectRef(ref.bucket.removeprefix(deployment.settings.bucket_prefix), ref.key)
    return any(function.cares_for(plain) for function in deployment.functions)


def _faults(
    deployment: Deployment, function: Function, rights: Policy, actions: list[StoreAction], *, shared: bool
) -> list[str]:
    try:
        client = _client(deployment, function)
        if refusal := _stranger(client, function, actions[0].ref.bucket):
            return [refusal]
    except WrongSetting as error:
        return [f"{function.name}: {error}"]
    opened = {action for action in actions if _is_open(client, action)}
    allowed = {action for action in actions if rights.allows(*action)}
    mend = f"give it the policy deploy/policies/{function.name}.json"
    faults = []
    if missing := _listed(allowed - opened):
        faults.append(f"{function.name}'s key does not open {missing}: {mend}.")
    if not shared and (more := _listed(opened - allowed)):
        faults.append(f"{function.name}'s key opens {more}: {mend} and no other.")
    return faults


def _listed(actions: Iterable[StoreAction]) -> str:
    """Such as `models/ (get, list), production/ (list)`."""
    by_bucket = groupby(sorted(actions, key=lambda action: action.ref.bucket), key=lambda action: action.ref.bucket)
    return ", ".join(
        f"{bucket}/ ({', '.join(sorted({_WORDS[verb] for verb, _ in ones}))})" for bucket, ones in by_bucket
    )


def _client(deployment: Deployment, function: Function) -> "S3Client":
    access_key = deployment.secret(f"{function.keys}{settings.ACCESS_KEY}")
    secret_key = deployment.secret(f"{function.keys}{settings.SECRET_KEY}")
    if not all(key.isascii() and key.isprintable() for key in (access_key, secret_key)):
        raise WrongSetting(f"{function.keys} holds characters that no key has: write its two files again.")
    endpoint = deployment.settings.s3_endpoint
    return connect(endpoint, access_key, secret_key, deployment.settings.s3_region, settings.store_route(endpoint))


def _stranger(client: "S3Client", function: Function, bucket: str) -> str:
    """What is wrong with the pair itself: only the answer to a GET says why."""
    code = _answer(partial(client.get_object, Bucket=bucket, Key=token_hex(32)))[1]
    secret = f"{function.keys}{settings.ACCESS_KEY}"
    return {
        "InvalidAccessKeyId": f"The store does not know {function.name}'s access key: mend {secret}, or let it in.",
        "SignatureDoesNotMatch": f"{function.name}'s secret key does not belong to its access key: "
        f"mend {function.keys}{settings.SECRET_KEY}.",
    }.get(code, "")


def _is_open(client: "S3Client", action: StoreAction) -> bool:
    verb, (bucket, key) = action
    attempts: dict[str, Callable[[], object]] = {
        LIST: partial(client.list_objects_v2, Bucket=bucket, Prefix=key, MaxKeys=1),
        GET: partial(client.head_object, Bucket=bucket, Key=key),
        PUT: partial(client.put_object, Bucket=bucket, Key=key, Body=b"", IfMatch=_STALE),
        DELETE: partial(client.delete_object, Bucket=bucket, Key=key),
    }
    return _answer(attempts[verb])[0] != _REFUSED


def _answer(ask: Callable[[], object]) -> tuple[int, str]:
    """Status and code of a refusal; zero without one. Raises StoreDown."""
    try:
        ask()
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status >= _FAILED:
            raise StoreDown(f"The store failed: {error}") from error
        return status, error.response["Error"]["Code"]
    except BotoCoreError as error:
        raise StoreDown(f"The store does not answer: {error}") from error
    return 0, ""
