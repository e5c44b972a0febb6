"""What the one-machine system asks of a store, and the choice of one."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from feedloop import settings
from feedloop.adapters.s3 import S3Store
from local.minio_program import pinned_program
from local.stack import Function
from local.supervise import Service


@dataclass(frozen=True, slots=True)
class Access:
    """The operator's keys, and what store, functions and events share."""

    access_key: str
    secret_key: str
    region: str
    bucket_prefix: str
    event_token: str

    def open(self, endpoint: str, **timeouts: float) -> S3Store:
        """The store as the operator may use it, with the adapter's timeouts or these."""
        return S3Store(
            endpoint=endpoint,
            access_key=self.access_key,
            secret_key=self.secret_key,
            region=self.region,
            prefix=self.bucket_prefix,
            route=settings.store_route(endpoint),
            **timeouts,
        )

    def of(self, endpoint: str) -> tuple[str, str, str, str]:
        """Address, keys and region, as the set-up of buckets takes them."""
        return endpoint, self.access_key, self.secret_key, self.region


class Store(Protocol):
    """A store of our own, or one that is already there."""

    @property
    def name(self) -> str:
        """What to call it at the terminal."""

    @property
    def endpoint(self) -> str:
        """Its S3 address."""

    @property
    def patience(self) -> float:
        """Seconds that it may take to answer."""

    def services(self) -> list[Service]:
        """The processes to keep running for it."""

    def environment(self) -> dict[str, str]:
        """What these processes need to know, keys included."""

    def settle(self) -> None:
        """What is to be set once it answers, before the first object: also who may come in. Raises StoreDown."""

    def subscribe(self) -> str:
        """Have its events sent to the functions, once its buckets are there; say how in a few words."""


@dataclass(frozen=True, slots=True)
class ExternalStore:
    """The store at S3_ENDPOINT. Its events are its owner's affair; the hourly sweeps need none."""

    endpoint: str
    name: str = "your store"
    patience: float = 8.0

    def services(self) -> list[Service]:
        """None: it runs already."""
        return []

    def environment(self) -> dict[str, str]:
        """Nothing."""
        return {}

    def settle(self) -> None:
        """Nothing: durability is its owner's choice."""

    def subscribe(self) -> str:
        """Nothing is set there."""
        return "not wired for a store at S3_ENDPOINT; the hourly sweeps find everything"


def program(name: str) -> str | None:
    """Where a program is: beside this Python, on PATH, or where `make minio` keeps what it has built."""
    folders = (str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), str(pinned_program().parent))
    return shutil.which(name, path=os.pathsep.join(folders))


def subscriptions(functions: tuple[Function, ...], prefix: str) -> list[tuple[Function, str, str]]:
    """Function, bucket and folder of every subscription, the bucket with the deployment's prefix."""
    return [(function, f"{prefix}{bucket}", folder) for function in functions for bucket, folder in function.watches]
