"""A running system with annotators: a Label Studio of its own, and a gate on each of the two ways between them."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import requests

from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.documents import Document, load
from feedloop.domain.errors import Missing
from feedloop.domain.review import CHOICES, IMAGE, TITLES
from tests.local.system import System, prediction, running, until
from tests.support import label_studio as label_studios
from tests.support.annotator import Annotator, annotator
from tests.support.gate import Gate
from tests.support.label_studio import LabelStudio
from tests.support.operating import Operator, operator
from tests.support.servers import Server, free_ports

LOW = keys.LOW_CONFIDENCE
_PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class LabelStudioServer:
    """A Label Studio that can lose its memory and keep its address."""

    folder: Path
    store: Server
    port: int
    running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> LabelStudio:
        """With the database that is there, or an empty one."""
        return self.running.enter_context(label_studios.label_studio(self.folder, self.store, port=self.port))

    def reset(self) -> LabelStudio:
        """Start again with nothing but the credentials."""
        self.running.close()
        credentials = (self.folder / "credentials").read_text()
        shutil.rmtree(self.folder)
        _know(self.folder, credentials)
        return self.start()


@dataclass(frozen=True, slots=True)
class Staffed:
    """What its users see: visitors, annotators, and who looks into the store."""

    system: System
    store: S3Store
    annotator: Annotator
    label_studio: LabelStudioServer
    to_store: Gate
    to_label_studio: Gate

    def predicted(self, body: bytes = b"") -> str:
        """A visitor's picture, one that the model is unsure about by default; what the visitor gets to show."""
        return self.system.predict(body)

    def task(self, receipt: str, queue: str = LOW) -> int:
        """The number of a prediction's task, as soon as Label Studio has it."""
        until(lambda: self._imported(receipt, queue), "Label Studio has the task", patience=_PATIENCE)
        return int(self._imported(receipt, queue))

    def save(self, task: int, choice: str, *, token: str = "") -> int:
        """Save once, as a browser does, which does not try again; the status."""
        result = {"from_name": CHOICES, "to_name": IMAGE, "type": "choices", "value": {"choices": [choice]}}
        headers = {"Authorization": f"Token {token or self.annotator.token}"}
        url = f"{self.annotator.label_studio.url}/api/tasks/{task}/annotations/"
        return requests.post(url, headers=headers, json={"result": [result]}, timeout=120).status_code

    def label(self, receipt: str, queue: str = LOW) -> Document:
        """The label of record; empty when there is none."""
        with suppress(Missing):
            return load(self.store.get(keys.label(queue, prediction(receipt))).body)
        return {}

    def classes(self, receipt: str, queue: str = LOW) -> set[int]:
        """In which classes of its dataset the picture lies."""
        folders = [keys.ObjectRef(keys.DATASETS[queue], f"class_{index:02d}/") for index in range(11)]
        name = f"{prediction(receipt)}.jpg"
        return {index for index, ref in enumerate(folders) if self._has(ref, name)}

    def until_in(self, wanted: set[int], receipt: str, queue: str = LOW) -> None:
        """Wait until it lies in exactly these classes."""
        until(lambda: self.classes(receipt, queue) == wanted, f"it lies in {wanted}", patience=_PATIENCE)

    def until_told(self, outcome: str, receipt: str, queue: str = LOW) -> None:
        """Wait until the label says so and the picture is in no class."""
        until(lambda: self.label(receipt, queue).get("outcome") == outcome, outcome, patience=_PATIENCE)
        self.until_in(set(), receipt, queue)

    def sync(self) -> requests.Response:
        """As an operator calls it: thorough."""
        return self._trusted("sync")

    def sample(self, **how: Any) -> requests.Response:
        """As an operator calls it: with a day and a count."""
        return self._trusted("sample", json=how)

    def curate(self) -> requests.Response:
        """As an operator calls it."""
        return self._trusted("curate")

    def _trusted(self, function: str, **how: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.system.connection()['operator_token']}"}
        return self.system.call(function, headers=headers, **how)

    def _imported(self, receipt: str, queue: str) -> int:
        with suppress(Missing):
            body = self.store.get(keys.imported(queue, prediction(receipt).sample_key)).body
            return int(load(body).get("task") or 0)
        return 0

    def _has(self, folder: keys.ObjectRef, name: str) -> bool:
        with suppress(Missing):
            self.store.head(keys.ObjectRef(folder.bucket, folder.key + name))
            return True
        return False


@contextmanager
def running_staffed(folder: Path, store: str) -> Iterator[Staffed]:
    """A system over this store, from start to stop, with its projects set up."""
    (port,) = free_ports(1)
    _know(folder / "studio", f"{token_hex(8)} {token_hex(20)}")
    token = (folder / "studio" / "credentials").read_text().split()[1]
    to_label_studio = Gate(f"http://127.0.0.1:{port}", folder / "functions to Label Studio.log")
    given = {"LABEL_STUDIO": "on", "LABEL_STUDIO_URL": to_label_studio.address, "LABEL_STUDIO_TOKEN": token}
    with ExitStack() as closing:
        closing.callback(to_label_studio.close)
        system = closing.enter_context(running(folder, STORE=store, **given))
        server = _server(system)
        to_store = Gate(server.endpoint, folder / "Label Studio to the store.log")
        closing.callback(to_store.close)
        label_studio = LabelStudioServer(
            folder / "studio", Server(to_store.address, server.access_key, server.secret_key), port
        )
        closing.enter_context(label_studio.running)
        annotators = closing.enter_context(annotator(label_studio.start()))
        until(system.has_annotators, "Label Studio is set up", patience=_PATIENCE)
        yield Staffed(system, server.open(), annotators, label_studio, to_store, to_label_studio)


@contextmanager
def operating(staffed: Staffed) -> Iterator[Operator]:
    """Who set up its Label Studio, and may do so again."""
    with operator(
        staffed.annotator.label_studio, _server(staffed.system), "", staffed.system.data_dir / "operator"
    ) as someone:
        yield someone


def colleagues(staffed: Staffed, *names: str) -> list[Annotator]:
    """Invited annotators. One after the other: SQLite refuses who signs up beside somebody else."""
    return [staffed.annotator.colleague(f"{name}-{token_hex(4)}@example.org") for name in names]


def project(staffed: Staffed, queue: str) -> int:
    """The number of a queue's project."""
    return staffed.annotator.project(TITLES[queue])


def _know(folder: Path, credentials: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "credentials").write_text(credentials)


def _server(system: System) -> Server:
    s3 = system.connection()["s3"]
    return Server(s3["endpoint"], s3["access_key"], s3["secret_key"])
