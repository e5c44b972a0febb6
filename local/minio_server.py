"""MinIO, for those who run it already. It calls the functions itself, each through a webhook target of its own."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import certifi
from minio import Minio, MinioAdmin
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException, MinioException
from minio.notificationconfig import NotificationConfig, PrefixFilterRule, QueueConfig
from urllib3 import PoolManager, ProxyManager, Timeout, make_headers
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from feedloop import settings
from feedloop.domain.errors import StoreDown, WrongSetting
from feedloop.domain.proxies import Route
from local.identities import Identity
from local.settings import HOST
from local.stack import Function
from local.store import Access, program, subscriptions
from local.supervise import Service

PORTS = ("minio",)
_AT_ONCE = 4
_CONNECT, _SILENCE = 5.0, 60.0  # seconds


@dataclass(frozen=True, slots=True)
class MinIO:
    """A MinIO of our own."""

    home: Path
    ports: dict[str, int]
    access: Access
    gateway: str
    functions: tuple[Function, ...]
    identities: tuple[Identity, ...]
    name: str = "MinIO"
    patience: float = 120.0

    @property
    def endpoint(self) -> str:
        """Its S3 address."""
        return f"http://{self._address}"

    def services(self) -> list[Service]:
        """The one process."""
        data = self.home / "data"
        data.mkdir(parents=True, exist_ok=True)
        return [
            Service("store", (_minio(), "server", "--address", self._address, str(data)), self.home, 100, quiet=True)
        ]

    def environment(self) -> dict[str, str]:
        """Its keys, and a webhook with a queue on disk for every function that watches it."""
        variables = {
            "MINIO_ROOT_USER": self.access.access_key,
            "MINIO_ROOT_PASSWORD": self.access.secret_key,
            "MINIO_REGION": self.access.region,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }
        for name in {function.name for function, _, _ in self._subscriptions()}:
            variables |= self._target(name)
        return variables

    def settle(self) -> None:
        """Let everybody in. It writes through to the disk by itself. Raises StoreDown."""
        create_users(self.endpoint, (self.access.access_key, self.access.secret_key), self.identities)

    def subscribe(self) -> str:
        """Ask for the events of every watched folder."""
        client = Minio(
            self._address,
            access_key=self.access.access_key,
            secret_key=self.access.secret_key,
            secure=False,
            region=self.access.region,
            http_client=_pool(settings.store_route(self.endpoint)),
        )
        subscriptions = sorted(self._subscriptions(), key=lambda one: one[1])
        try:
            for bucket, ones in groupby(subscriptions, key=lambda one: one[1]):
                wanted = NotificationConfig(
                    queue_config_list=[
                        QueueConfig(
                            events=["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
                            config_id=f"{function.name}-{bucket}-{inside}",
                            prefix_filter_rule=PrefixFilterRule(inside),
                            queue=f"arn:minio:sqs::{function.name.upper()}:webhook",
                        )
                        for function, _, inside in ones
                    ]
                )
                client.set_bucket_notification(bucket, wanted)
        except MinioException as error:
            raise StoreDown(f"MinIO does not take the event subscriptions: {error}") from error
        return ", ".join(f"{bucket}/{inside} to {f.name}" for f, bucket, inside in subscriptions)

    @property
    def _address(self) -> str:
        return f"{HOST}:{self.ports['minio']}"

    def _subscriptions(self) -> list[tuple[Function, str, str]]:
        return subscriptions(self.functions, self.access.bucket_prefix)

    def _target(self, name: str) -> dict[str, str]:
        target = {
            "ENABLE": "on",
            "ENDPOINT": f"{self.gateway}/function/{name}",
            "AUTH_TOKEN": self.access.event_token,
            "QUEUE_DIR": str(self.home / "events" / name),
        }
        return {f"MINIO_NOTIFY_WEBHOOK_{key}_{name.upper()}": value for key, value in target.items()}


def create_users(endpoint: str, operator: tuple[str, str], identities: Iterable[Identity]) -> None:
    """A user with a policy of the same name for each, or what they may do now. Raises StoreDown."""
    url = urlsplit(endpoint)
    admin = MinioAdmin(
        endpoint=url.netloc,
        credentials=StaticProvider(*operator),
        secure=url.scheme == "https",
        http_client=_pool(settings.store_route(endpoint)),
    )
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(partial(_create_user, admin), identities))


def _pool(way: Route) -> PoolManager:
    """The connections of MinIO's clients, which know neither our proxy nor our authorities by themselves."""
    how: dict[str, Any] = {
        "timeout": Timeout(connect=_CONNECT, read=_SILENCE),
        "retries": Retry(total=3, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        "ca_certs": way.ca_file or certifi.where(),
    }
    if not way.proxy:
        return PoolManager(**how)
    user = unquote(urlsplit(way.proxy).netloc.rpartition("@")[0])
    return ProxyManager(way.proxy, proxy_headers=make_headers(proxy_basic_auth=user or None), **how)


def _create_user(admin: MinioAdmin, identity: Identity) -> None:
    try:
        admin.policy_add(identity.name, policy=json.loads(identity.policy))
        admin.user_add(identity.access_key, identity.secret_key)
        admin.policy_set(identity.name, user=identity.access_key)
    except (MinioAdminException, HTTPError) as error:
        raise StoreDown(f"MinIO does not let {identity.name} in: {error}") from error


def _minio() -> str:
    path = program("minio")
    if not path:
        raise WrongSetting(
            "STORE=minio needs the program minio: put it on PATH, or build it with `make minio` (about 3 minutes,"
            " once). Without STORE, SeaweedFS is used and is there already."
        )
    return path
