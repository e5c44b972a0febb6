"""What is examined: a deployment by the functions' own settings, or the system that runs here."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from feedloop import settings
from feedloop.adapters.s3 import S3Store
from feedloop.domain.errors import WrongSetting
from feedloop.settings import Settings
from local import data_directory, stack
from local.settings import Choices
from local.stack import Function


@dataclass(frozen=True, slots=True)
class Deployment:
    """A system as its operator describes it. `gateway` is empty when nobody named one."""

    settings: Settings
    gateway: str
    given: Mapping[str, str] = field(repr=False)  # keys to the store that need no file
    functions: tuple[Function, ...]

    @classmethod
    def from_environment(cls, gateway: str, env: Mapping[str, str] = os.environ) -> Self:
        """By S3_ENDPOINT and what belongs to it; without that, the one on DATA_DIR. Raises WrongSetting."""
        if env.get("S3_ENDPOINT"):
            names = {settings.S3_ACCESS_KEY: "S3_ACCESS_KEY", settings.S3_SECRET_KEY: "S3_SECRET_KEY"}
            given = {secret: env[name] for secret, name in names.items() if env.get(name)}
            return cls(Settings.from_environment(env), _address(gateway), given, stack.load_functions(env=env))
        return cls._running(gateway, env)

    @classmethod
    def _running(cls, gateway: str, env: Mapping[str, str]) -> Self:
        data_dir = Choices.from_environment(env).data_dir
        connection = data_directory.load_json(data_dir / data_directory.CONNECTION)
        if not connection:
            raise WrongSetting(
                f"No Feedloop runs on DATA_DIR={data_dir}. To examine one elsewhere, set S3_ENDPOINT and SECRETS_DIR."
            )
        its_own = {
            "S3_ENDPOINT": connection["s3"]["endpoint"],
            "SECRETS_DIR": str(data_dir / data_directory.SECRETS),
            "LABEL_STUDIO_URL": connection.get("label_studio", {}).get("url", ""),
        }
        shared = connection["s3"].get("keys", env.get(stack.KEYS, ""))  # a store that is not ours gave one pair
        functions = stack.load_functions(env={**env, stack.KEYS: shared})
        return cls(
            Settings.from_environment({**env, **its_own}), _address(gateway or connection["gateway"]), {}, functions
        )

    def secret(self, name: str) -> str:
        """As the functions have it. Raises WrongSetting."""
        try:
            return self.given.get(name) or self.settings.secret(name)
        except WrongSetting as error:
            raise WrongSetting(f"{error} SECRETS_DIR={self.settings.secrets_dir} is where we looked for it.") from error

    def store(self) -> S3Store:
        """Its store, as a function reaches it. Raises WrongSetting."""
        return S3Store(
            endpoint=self.settings.s3_endpoint,
            access_key=self.secret(settings.S3_ACCESS_KEY),
            secret_key=self.secret(settings.S3_SECRET_KEY),
            region=self.settings.s3_region,
            prefix=self.settings.bucket_prefix,
            route=settings.store_route(self.settings.s3_endpoint),
        )

    def bucket(self, name: str) -> str:
        """A bucket's whole name."""
        return f"{self.settings.bucket_prefix}{name}"


def _address(gateway: str) -> str:
    if gateway and not gateway.startswith(("http://", "https://")):
        raise WrongSetting(f"The gateway {gateway!r} is wrong: it must begin with http:// or https://.")
    if urlsplit(gateway).username is not None:
        raise WrongSetting("Name the gateway without user and password: calling a function needs neither.")
    return gateway.rstrip("/")
