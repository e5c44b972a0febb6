"""Stores with much in them: whole systems on one, and many objects written at once."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from random import Random
from typing import NamedTuple

import obstore
from obstore.store import S3Store as Bucket

from benchmarks.shared import report
from feedloop.domain import keys
from feedloop.domain.keys import ObjectRef
from feedloop.domain.prediction import Prediction, new_id, ranked
from tests.local import system as systems
from tests.local.system import System
from tests.support import demo
from tests.support.servers import REGION, Server

JPEG = b"\xff\xd8" + bytes(600) + b"\xff\xd9"
"""Stands for a picture where nobody looks into it."""
CLASSES: list[str] = demo.CARD["classes"]
_AT_ONCE, _REPORT_EVERY = 64, 20_000


class Object(NamedTuple):
    """What is to lie in a store."""

    ref: ObjectRef
    connection: bytes
    metadata: Mapping[str, str] = {}


@contextmanager
def system(folder: Path, store: str, fill: Callable[[Server], None] | None = None) -> Iterator[System]:
    """A system as `make run` starts it, its store writing through to the disk; not while it is filled beforehand."""
    folder.mkdir(exist_ok=True)
    chosen = {"STORE": store, "LABEL_STUDIO": "off", "PYTHONPATH": str(report.ROOT)}
    if fill:
        with systems.running(folder, **chosen, STORE_FSYNC="off") as filled:
            fill(server(filled))
    with systems.running(folder, **chosen, STORE_FSYNC="on") as running:
        yield running


def server(running: System) -> Server:
    """The store of a running system."""
    connection = running.connection()["s3"]
    return Server(connection["endpoint"], connection["access_key"], connection["secret_key"])


def prediction(rng: Random, time: datetime) -> Prediction:
    """A prediction of any class."""
    weights = [rng.random() ** 4 for _ in CLASSES]
    top = ranked([weight / sum(weights) for weight in weights])
    return Prediction(
        id=new_id(time, top[0], demo.CARD["sha256"], f"{rng.getrandbits(128):032x}"),
        class_name=CLASSES[top[0][0]],
        probabilities=top,
        threshold=700,
        model_name=demo.CARD["name"],
        model_sha256=demo.CARD["sha256"],
        time=time,
        filename=f"IMG_{rng.randrange(10_000):04d}.jpg",
        source_sha256=f"{rng.getrandbits(256):064x}",
        width=4000,
        height=3000,
    )


def committed(made: Prediction) -> Object:
    """Its picture in production, with its record."""
    return Object(keys.production(made.id), JPEG, made.to_metadata())


def write(store: Server, objects: Iterable[Object], *, prefix: str = "") -> None:
    """Write all of them, many at a time."""
    asyncio.run(_write(store, prefix, iter(objects)))


async def _write(store: Server, prefix: str, objects: Iterator[Object]) -> None:
    buckets = {name: _bucket(store, prefix + name) for name in keys.BUCKETS}
    written = 0

    async def writer() -> None:
        nonlocal written
        for one in objects:
            attributes = {"Content-Type": "application/octet-stream", **one.metadata}
            await obstore.put_async(
                buckets[one.ref.bucket], one.ref.key, one.connection, attributes=attributes, use_multipart=False
            )
            written += 1
            if written % _REPORT_EVERY == 0:
                report.say(f"{written:,} objects written")

    await asyncio.gather(*(writer() for _ in range(_AT_ONCE)))


def _bucket(store: Server, name: str) -> Bucket:
    return Bucket(
        name,
        endpoint=store.endpoint,
        region=REGION,
        access_key_id=store.access_key,
        secret_access_key=store.secret_key,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
