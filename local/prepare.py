"""Makes a store ready for the functions: buckets, a proof of its conditional writes, a first model."""

import time
from collections.abc import Callable

import requests

from feedloop import releases
from feedloop.adapters import bucket_setup
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.clock import utc_now
from feedloop.domain.documents import load
from feedloop.domain.errors import NoModel, StoreDown
from local.stack import ROOT
from local.store import Access, Store

DEMO = ROOT / "models" / "demo"
_PAUSE = 0.1


def prepare(store: Store, access: Access, say: Callable[[str], None]) -> None:
    """Raises StoreDown, StoreMisconfigured and WrongSetting, each with what to do."""
    deadline = time.monotonic() + store.patience
    _patiently(lambda: _answers(store), deadline)
    _patiently(store.settle, deadline)
    _patiently(lambda: _buckets(store, access), deadline)
    say(f"{store.name} answers; buckets are there, conditional writes hold")
    _patiently(lambda: _model(store, access, say), deadline)


def _patiently(step: Callable[[], None], deadline: float) -> None:
    """A store that has just started fails for a moment."""
    while True:
        try:
            return step()
        except StoreDown:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)


def _answers(store: Store) -> None:
    try:
        requests.get(store.endpoint, timeout=2)
    except requests.RequestException as error:
        what = "look into its log" if store.parts() else "start it, or mend S3_ENDPOINT"
        raise StoreDown(f"{store.name} at {store.endpoint} does not answer: {what}.") from error


def _buckets(store: Store, access: Access) -> None:
    door = (store.endpoint, access.access_key, access.secret_key, access.region)
    names = [f"{access.bucket_prefix}{bucket}" for bucket in keys.BUCKETS]
    bucket_setup.create_buckets(*door, names)
    bucket_setup.probe(*door, f"{access.bucket_prefix}{keys.TRACKING}")


def _model(store: Store, access: Access, say: Callable[[str], None]) -> None:
    objects = S3Store(
        endpoint=store.endpoint,
        access_key=access.access_key,
        secret_key=access.secret_key,
        region=access.region,
        prefix=access.bucket_prefix,
    )
    try:
        release = releases.current(objects)
        say(f"model {release.name} {release.sha256[:8]} serves")
    except NoModel:
        if not DEMO.is_dir():
            say("no model is released, and there is no demonstration model: predict answers 503 until one is")
            return
        card = load((DEMO / releases.CARD_FILE).read_bytes())
        releases.publish(objects, (DEMO / releases.MODEL_FILE).read_bytes(), card, now=utc_now())
        say("no model was released: the small demonstration model serves now")
