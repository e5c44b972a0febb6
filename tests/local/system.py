"""A whole system of one's own, started as a user starts it: `python -m local`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psutil
import requests
from botocore.exceptions import BotoCoreError

from feedloop.adapters.bucket_setup import connect
from feedloop.domain.prediction import PredictionId
from local import data_directory, minio_server, processes, seaweedfs
from local.minio_program import pinned_program
from local.store import program
from local.watch import gateway_responds
from tests.support import logs
from tests.support.servers import free_ports, without_leftovers
from tests.support.uploads import unclear_upload

PATIENCE = 180.0
_COME_AGAIN = HTTPStatus.SERVICE_UNAVAILABLE
DATA_DIR, PROVEN = "its dätä, 100 % of $HOME", "proven.json"
SHELL = {
    **dict.fromkeys(("http_proxy", "HTTP_PROXY", "AWS_ENDPOINT_URL", "AWS_PROXY_URL"), "http://127.0.0.1:9"),
    "ALL_PROXY": "socks5://127.0.0.1:9",
    **dict.fromkeys(("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "of another project"),
    **dict.fromkeys(("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD", "MINIO_NOTIFY_WEBHOOK_ENABLE"), "of another store"),
    "TZ": "Nowhere/Bad",
    "TMPDIR": "/nonexistent",
    "PYTHONIOENCODING": "ascii",
    "PYTHONWARNINGS": "error",
}
"""What a person may have set for other programs: every system of these tests starts from such a shell."""
COMMAND = (sys.executable, "-m", "local")


def until(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Wait until something has become true, and no longer."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.05)


def environment(data_dir: Path, port: int, **choices: str) -> dict[str, str]:
    """A shell of a person's; Label Studio is off unless asked for; MinIO is the pinned one."""
    ours = ("PORT", "DATA_DIR", "S3_", "BUCKET_PREFIX", "STORE", "LABEL_STUDIO", "FEEDLOOP_", "AWS_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    path = os.pathsep.join([str(pinned_program().parent), os.environ["PATH"]])
    inherited |= SHELL
    return {**inherited, "PATH": path, "DATA_DIR": str(data_dir), "PORT": str(port), "LABEL_STUDIO": "off", **choices}


def ask(data_dir: Path, *arguments: str, port: int = 8080, **choices: str) -> subprocess.CompletedProcess[str]:
    """One command that is to end by itself."""
    env = environment(data_dir, port, **choices)
    return subprocess.run(
        [*COMMAND, *arguments], env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


class System:
    """One running system and what can be seen of it."""

    def __init__(self, home: Path, **choices: str) -> None:
        self.data_dir = home / DATA_DIR
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self._env = environment(self.data_dir, self.port, **choices)
        self._output = home / "output"
        self.main: psutil.Popen | None = None
        _choose_ports(self.data_dir)
        weed = Path(program("weed") or "weed")
        _remember_proof(self.data_dir, pinned_program() if choices.get("STORE") == "minio" else weed)
        logs.watch(self._output)
        logs.watch(self.data_dir / data_directory.LOGS)

    def start(self) -> None:
        """Return when it is ready; a run that ends instead is a failure."""
        (self.data_dir / "connection.json").unlink(missing_ok=True)
        with self._output.open("ab") as output:
            self.main = psutil.Popen([*COMMAND], env=self._env, stdout=output, stderr=output)
        until(lambda: self.has_ended() or self.is_ready(), "the system is ready")
        assert not self.has_ended(), self.output()

    def has_ended(self) -> bool:
        """Whether there is no main process."""
        return self.main is None or self.main.poll() is not None

    def is_ready(self) -> bool:
        """As a script would ask."""
        return (self.data_dir / "connection.json").exists() and self.answers()

    def answers(self) -> bool:
        """Whether the gateway lives."""
        return gateway_responds(self.url)

    def serves(self) -> bool:
        """Whether a function answers that needs the store."""
        try:
            return self.call("predict", "GET").ok
        except requests.RequestException:
            return False

    def wait_until_it_serves(self, patience: float = PATIENCE) -> None:
        """Return when it does; who waits in vain is told what it says instead."""
        end = time.monotonic() + patience
        while not self.serves():
            assert time.monotonic() < end, f"it does not serve: {self._excuse()}"
            time.sleep(0.05)

    def _excuse(self) -> str:
        """What a call meets, what runs, and the last lines of its log and of its store's."""
        try:
            answer = self.call("predict", "GET").text if self.answers() else "no gateway answers"
        except requests.RequestException as error:
            answer = repr(error)
        names = sorted({process.environ().get(processes.SERVICE, "") for process in self.processes()})
        store = (self.data_dir / "logs" / "store.log").read_text(errors="replace")
        return f"{answer[:300]}; there run {names}\n{self.output()[-3000:]}\n{store[-1500:]}"

    def has_annotators(self) -> bool:
        """Whether they can work: Label Studio is set up, and answers."""
        return "label_studio" in self.connection() and self.label_studio("GET", "/api/projects").ok

    def label_studio(self, method: str, path: str, **how: Any) -> requests.Response:
        """Call Label Studio as connection.json says; 503 when nobody answers."""
        login = self.connection()["label_studio"]
        try:
            return requests.request(
                method, login["url"] + path, headers={"Authorization": f"Token {login['token']}"}, timeout=60, **how
            )
        except requests.ConnectionError:
            away = requests.Response()
            away.status_code = 503
            return away

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        assert self.main is not None
        self.main.send_signal(signal.SIGINT)
        return int(self.main.wait(PATIENCE))

    def kill(self) -> None:
        """kill -9 of every process, all at once."""
        assert self.main is not None
        for process in [self.main, *self.processes()]:
            process.kill()
        self.main.wait(PATIENCE)

    def processes(self) -> list[psutil.Process]:
        """All but the main one."""
        return processes.running(self.data_dir)

    def part(self, name: str) -> psutil.Process:
        """The first process of a part."""
        return min(processes.running(self.data_dir, name), key=lambda process: process.create_time())

    def call(self, function: str, method: str = "POST", **arguments: Any) -> requests.Response:
        """Call a function as anybody would."""
        return requests.request(method, f"{self.url}/function/{function}", timeout=PATIENCE, **arguments)

    def predict(self, body: bytes = b"") -> str:
        """A visitor's picture, an unsure one by default; what the visitor gets to show.

        Who is asked to come again does so, as the website does.
        """
        end = time.monotonic() + PATIENCE
        while (answer := self.call("predict", data=body or unclear_upload())).status_code == _COME_AGAIN:
            assert time.monotonic() < end, answer.text
            time.sleep(0.5)
        assert answer.ok, answer.text
        return str(answer.json()["prediction_id"])

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object as a stranger with the keys would."""
        self._s3().put_object(Bucket=bucket, Key=key, Body=body)

    def get(self, bucket: str, key: str) -> bytes:
        """Read an object likewise."""
        return bytes(self._s3().get_object(Bucket=bucket, Key=key)["Body"].read())

    def remove(self, bucket: str, key: str) -> None:
        """Delete an object likewise."""
        self._s3().delete_object(Bucket=bucket, Key=key)

    def buckets(self) -> set[str]:
        """All buckets of its store; none while it does not answer."""
        try:
            return {bucket["Name"] for bucket in self._s3().list_buckets()["Buckets"]}
        except BotoCoreError:
            return set()

    def keys(self, bucket: str) -> list[str]:
        """What lies in a bucket."""
        return [entry["Key"] for entry in self._s3().list_objects_v2(Bucket=bucket).get("Contents", [])]

    def connection(self) -> dict[str, Any]:
        """connection.json."""
        document: dict[str, Any] = json.loads((self.data_dir / "connection.json").read_text())
        return document

    def output(self) -> str:
        """All that it said at the terminal, over all its starts."""
        return self._output.read_text()

    def logged(self, event: str, **facts: object) -> bool:
        """Whether such a line is in the log."""
        lines = (json.loads(line) for line in self.output().splitlines() if line.startswith("{"))
        return any(line["event"] == event and facts.items() <= line.items() for line in lines)

    def _s3(self) -> Any:
        s3 = self.connection()["s3"]
        return connect(s3["endpoint"], s3["access_key"], s3["secret_key"], "us-east-1")


def _choose_ports(data_dir: Path) -> None:
    """What an earlier start would have chosen; no test beside this one has them."""
    names = ("events", *seaweedfs.PORTS, *minio_server.PORTS)
    if not (data_dir / data_directory.PORTS).exists():
        data_directory.write_json(
            data_dir / data_directory.PORTS, dict(zip(names, free_ports(len(names)), strict=True))
        )


def _remember_proof(data_dir: Path, store: Path) -> None:
    """As after an earlier start with this program: the proof of its conditional writes has been given."""
    if store.exists() and not (data_dir / PROVEN).exists():
        data_directory.write_json(data_dir / PROVEN, {str(store): store.stat().st_mtime_ns})


def prediction(receipt: str) -> PredictionId:
    """The id without the visitor's signature."""
    return PredictionId.parse(receipt.rpartition(".")[0])


def an_annotation_comes_and_goes(system: System, name: str) -> None:
    """A person labels an unsure picture and then takes it back; events carry both to the dataset."""
    made = prediction(system.predict())
    output = f"output/lowconfidence/{name}"
    system.put("labelstudio", output, an_annotation(made.sample_key))
    until(lambda: f"class_03/{made}.jpg" in system.keys("lowconfidence"), "the picture is in its dataset")
    system.remove("labelstudio", output)
    until(lambda: f"class_03/{made}.jpg" not in system.keys("lowconfidence"), "the picture is withdrawn")


def an_annotation(random: str) -> bytes:
    """An egg, as Label Studio would write it."""
    answer = {"type": "choices", "value": {"choices": ["Egg"]}}
    task = {"data": {"image": f"s3://labelstudio/images/{random}.jpg"}}
    when = {"updated_at": "2026-11-22T12:00:00Z", "was_cancelled": False}
    return json.dumps({"result": [answer], "completed_by": {"id": 3}, "task": task, **when}).encode()


@contextmanager
def running(home: Path, **choices: str) -> Iterator[System]:
    """A system from start to a sudden end; nothing of it stays but its data."""
    system = System(home, **choices)
    with without_leftovers(data_directory.load_json(system.data_dir / data_directory.PORTS).values()):
        try:
            system.start()
            yield system
        finally:
            if not system.has_ended():
                system.kill()
            processes.end(system.data_dir)
