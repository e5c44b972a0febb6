"""SeaweedFS as `weed mini`: master, volumes, filer and S3 in one process, all on loopback."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from feedloop import log
from feedloop.domain.errors import StoreDown, WrongSetting
from local import data_directory, identities, seaweedfs_security
from local.identities import Identity
from local.settings import HOST
from local.stack import Function
from local.store import Access, program, subscriptions
from local.supervise import Service

PORTS = tuple(f"{part}.port" for part in ("s3", "filer", "master", "volume", "admin"))
"""The options of `weed mini` that name a port; each part also takes the port `ports.SHADOW` above its own.
The admin part cannot be switched off, only its pages."""

_IDENTITIES = "s3.json"
_OPTIONS = (
    *(f"-ip={HOST}", f"-ip.bind={HOST}"),
    *("-master.telemetry=false", "-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
    *("-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock"),  # else in /tmp, found by port alone
    f"-s3.config={_IDENTITIES}",
    "-s3.autoCreateBucket=false",  # a wrong bucket name is to be an error
    *("-master.volumeSizeLimitMB=1024", "-volume.max=1000"),  # only the disk is the limit, however small it is
    "-disableHttp",  # of master and filer, which ask for no key: nothing of ours calls them so
    "-master.resumeState=false",  # else a restart may refuse every write for 15 seconds: docs/decisions/0004
)
_SHELL_SECONDS = 30


@dataclass(frozen=True, slots=True)
class SeaweedFS:
    """A SeaweedFS of our own."""

    home: Path
    ports: dict[str, int]
    access: Access
    fsync: bool
    webhook: str
    functions: tuple[Function, ...]
    identities: tuple[Identity, ...]
    name: str = "SeaweedFS"
    patience: float = 120.0

    @property
    def endpoint(self) -> str:
        """Its S3 address."""
        return f"http://{HOST}:{self.ports['s3.port']}"

    def services(self) -> list[Service]:
        """The one process; where it starts it reads notification.toml, security.toml and who may come in."""
        data_directory.write(self.home / "notification.toml", self._notification())
        operator = self.access.access_key, self.access.secret_key
        data_directory.write(self.home / _IDENTITIES, identities.of_seaweedfs(operator, self.identities))
        if not seaweedfs_security.create_files(self.home):
            log.event("store.open", to="other users of this machine", then="install openssl, and start again")
        (self.home / "data").mkdir(exist_ok=True)
        ports = (f"-{option}={port}" for option, port in self.ports.items())
        command = (_weed(), "mini", "-dir=data", *_OPTIONS, *ports)  # an absolute path with a comma would be two
        return [Service("store", command, self.home, 100, quiet=True)]

    def environment(self) -> dict[str, str]:
        """Nothing: its keys are in a file."""
        return {}

    def settle(self) -> None:
        """Have it write through to the disk before it acknowledges (it does not by itself)."""
        wanted = str(self.fsync).lower()
        output = self._shell(f"fs.configure -locationPrefix=/buckets/ -fsync={wanted} -apply")
        if f'"fsync":{wanted}' not in "".join(output.split()):
            raise StoreDown(f"SeaweedFS could not be told fsync={wanted}: {output.strip()[-200:]}")

    def subscribe(self) -> str:
        """notification.toml has done it; the forwarder fans out."""
        return ", ".join(f"{bucket}/{inside} to {f.name}" for f, bucket, inside in self._subscriptions())

    def _subscriptions(self) -> list[tuple[Function, str, str]]:
        return subscriptions(self.functions, self.access.bucket_prefix)

    def _notification(self) -> str:
        """TOML strings and lists are written as JSON writes them."""
        lines = {
            "enabled": True,
            "endpoint": self.webhook,
            "bearer_token": self.access.event_token,
            "timeout_seconds": 60,
            "event_types": ["create", "update", "delete"],
            "path_prefixes": [f"/buckets/{bucket}/{inside}" for _, bucket, inside in self._subscriptions()],
        }
        return "[notification.webhook]\n" + "".join(f"{name} = {json.dumps(line)}\n" for name, line in lines.items())

    def _shell(self, command: str) -> str:
        """What it prints. The command goes to its standard input, so no other user sees it."""
        servers = (f"-{part}={HOST}:{self.ports[f'{part}.port']}" for part in ("master", "filer"))
        shell = (_weed(), "shell", *servers)
        try:
            done = subprocess.run(
                shell,
                cwd=self.home,
                input=f"{command}\n",
                capture_output=True,
                text=True,
                timeout=_SHELL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise StoreDown("SeaweedFS does not answer its shell.") from error
        if done.returncode:
            raise StoreDown(f"SeaweedFS refuses {command.partition(' ')[0]}: {done.stderr.strip()[-200:]}")
        return done.stdout


def _weed() -> str:
    path = program("weed")
    if not path:
        raise WrongSetting(
            "SeaweedFS has no wheel for this machine: put its program `weed` on PATH, or point S3_ENDPOINT to a store."
        )
    return path
