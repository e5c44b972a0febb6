"""The store, as the functions need it. Nothing of theirs is changed, and nothing of ours stays."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from secrets import token_hex

from feedloop import settings
from feedloop import withdrawals as guard
from feedloop.adapters import bucket_setup
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.clock import iso, utc_now
from feedloop.domain.errors import Changed, Missing, StoreDown, StoreMisconfigured
from feedloop.domain.keys import ObjectRef
from local.doctor.deployment import Deployment
from local.doctor.finding import Finding, ok, wrong

_MOST_SECONDS = 60
_STALE = "0123456789abcdef0123456789abcdef"
_EMPTIED = (keys.LABELSTUDIO, keys.TRACKING, *keys.DATASETS.values())
_WRITTEN = (keys.PRODUCTION, *_EMPTIED)


def reachable(deployment: Deployment) -> Finding:
    """Whether anybody answers at S3_ENDPOINT."""
    endpoint, store = deployment.settings.s3_endpoint, deployment.store()
    try:
        store.now()
    except StoreDown:
        more = " or S3_CA_FILE" if endpoint.startswith("https:") else ""
        return wrong(f"Nothing answers at {endpoint}: start the store, or mend S3_ENDPOINT{more}.")
    return ok(f"{endpoint} answers")


def clock(deployment: Deployment) -> Finding:
    """Whether it is the same time there and here."""
    apart = round((deployment.store().now() - utc_now()).total_seconds())
    if abs(apart) > _MOST_SECONDS:
        side = "ahead of" if apart > 0 else "behind"
        return wrong(f"The store's clock is {abs(apart)} s {side} ours: have both machines set theirs by NTP.")
    return ok(f"the store's clock and ours are {abs(apart)} s apart")


def buckets(deployment: Deployment) -> Finding:
    """Whether our keys open every bucket."""
    store = deployment.store()
    faults = [fault for bucket in keys.BUCKETS if (fault := _closed(store, bucket))]
    return wrong(*faults) if faults else ok(f"the keys open all {len(keys.BUCKETS)} buckets")


def _closed(store: S3Store, bucket: str) -> str:
    try:
        list(store.list(ObjectRef(bucket, ""), limit=1))
    except StoreMisconfigured as error:
        return str(error)
    return ""


def conditional_writes(deployment: Deployment) -> Finding:
    """Whether exactly one of racing writers wins, on keys that are deleted again. Raises WrongSetting."""
    chosen = deployment.settings
    access_key, secret_key = deployment.secret(settings.S3_ACCESS_KEY), deployment.secret(settings.S3_SECRET_KEY)
    bucket_setup.probe(
        chosen.s3_endpoint,
        access_key,
        secret_key,
        chosen.s3_region,
        deployment.bucket(keys.TRACKING),
        route=settings.store_route(chosen.s3_endpoint),
    )
    return ok("of racing writers exactly one wins")


def rights(deployment: Deployment) -> Finding:
    """Whether our keys may do all that the functions do: by writes that cannot succeed, on names that nobody has."""
    store = deployment.store()
    refused = [
        f"{action} in {deployment.bucket(bucket)}"
        for action, bucket, attempt in _actions(store)
        if _refused(attempt, bucket)
    ]
    if refused:
        return wrong(f"The store refuses what the functions need: let this key {', '.join(refused)}.")
    return ok("the keys may read, write and delete where the functions do")


def withdrawals(deployment: Deployment) -> Finding:
    """Whether the guard before mass withdrawals holds something back that a person should look at."""
    by_queue, now = dict(guard.fetch_guards(deployment.store())), utc_now()
    faults = [
        f"{held.vanished} of {held.known} annotations of {queue} have vanished, and none of them was withdrawn:"
        f" bring them back, or release them as docs/operations.md says."
        for queue, one in by_queue.items()
        if (held := one.held or one.spared)
    ]
    if faults:
        return wrong(*faults)
    released = [
        f"{queue}: {one.approval.count} until {iso(one.approval.until)}"
        for queue, one in by_queue.items()
        if one.approval and now < one.approval.until
    ]
    return ok(f"nothing is held back; released: {', '.join(released) or 'nothing'}")


def _actions(store: S3Store) -> Iterator[tuple[str, str, Callable[[ObjectRef], object]]]:
    """Verb, bucket, and how to try."""
    yield from (("read", bucket, store.get) for bucket in keys.BUCKETS)
    yield from (("write", bucket, lambda ref: store.replace(ref, b"", etag=_STALE)) for bucket in _WRITTEN)
    yield from (("delete", bucket, store.delete) for bucket in _EMPTIED)


def _refused(attempt: Callable[[ObjectRef], object], bucket: str) -> bool:
    try:
        with suppress(Missing, Changed):
            attempt(ObjectRef(bucket, f"probe/{token_hex(16)}"))
    except StoreMisconfigured:
        return True
    return False
