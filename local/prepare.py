"""Makes a store ready for the functions: buckets, a proof of its conditional writes, a first model."""

import time
from collections.abc import Callable
from pathlib import Path

from requests import RequestException

from feedloop import class_lists, http_client, releases, settings
from feedloop.adapters import bucket_setup
from feedloop.domain import keys
from feedloop.domain.clock import utc_now
from feedloop.domain.documents import load
from feedloop.domain.errors import ClassesDisagree, Malformed, NoModel, StoreDown
from local import data_directory
from local.stack import ROOT
from local.store import Access, Store

DEMO = ROOT / "models" / "demo"
_PAUSE = 0.1


def prepare(store: Store, access: Access, proven: Path, say: Callable[[str], None]) -> None:
    """`proven` remembers which program of our own has shown its conditional writes.

    Raises StoreDown, StoreMisconfigured and WrongSetting, each with what to do.
    """
    deadline = time.monotonic() + store.patience
    _patiently(lambda: _responds(store), deadline)
    _patiently(store.settle, deadline)
    _patiently(lambda: _buckets(store, access), deadline)
    _patiently(lambda: _prove(store, access, proven), deadline)
    say(f"{store.name} answers, its buckets are there, its conditional writes hold")
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


def _responds(store: Store) -> None:
    try:
        http_client.request("GET", store.endpoint, route=settings.store_route(store.endpoint), timeout=2)
    except RequestException as error:
        more = " or S3_CA_FILE" if store.endpoint.startswith("https:") else ""
        own = bool(store.services())
        what = "logs/store.log in the data directory says why" if own else f"start it, or mend S3_ENDPOINT{more}"
        raise StoreDown(f"{store.name} at {store.endpoint} does not answer: {what}.") from error


def _buckets(store: Store, access: Access) -> None:
    names = [f"{access.bucket_prefix}{bucket}" for bucket in keys.BUCKETS]
    bucket_setup.create_buckets(*access.of(store.endpoint), names, route=settings.store_route(store.endpoint))


def _prove(store: Store, access: Access, proven: Path) -> None:
    """Takes seconds, so our own program is tested once; another's store at every start."""
    programs = [Path(service.command[0]) for service in store.services()]
    tested = {str(program): program.stat().st_mtime_ns for program in programs}
    if tested and data_directory.load_json(proven) == tested:
        return
    bucket = f"{access.bucket_prefix}{keys.TRACKING}"
    bucket_setup.probe(*access.of(store.endpoint), bucket, route=settings.store_route(store.endpoint))
    data_directory.write_json(proven, tested)


def _model(store: Store, access: Access, say: Callable[[str], None]) -> None:
    objects = access.open(store.endpoint)
    try:
        name, sha256 = releases.pointed_to(objects)  # a release that is broken is not replaced by ours
        say(f"model {name} {sha256[:8]} is released")
        class_lists.edit(objects, lambda classes: classes, first=name)  # from those of the names, if there is none
    except (ClassesDisagree, Malformed) as error:
        say(str(error))
    except NoModel:
        if not DEMO.is_dir():
            say("no model is released, and there is no demonstration model")
            return
        card = load((DEMO / releases.CARD_FILE).read_bytes())
        releases.publish(objects, (DEMO / releases.MODEL_FILE).read_bytes(), card, now=utc_now())
        say("no model was released: the small demonstration model serves now")
