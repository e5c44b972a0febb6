"""What no predict could leave out, without a line of ours: a picture's decode, a forward pass, a server's hop."""

import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from io import BytesIO
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from PIL import Image

from benchmarks.shared.deployed import until_it_answers
from benchmarks.shared.report import ROOT
from feedloop import http_server
from feedloop.domain.cards import ModelSpec
from feedloop.domain.documents import Document
from feedloop.http_server import ServerOptions
from tests.support.servers import free_ports

OK = 200


class BareModel:
    """A model whose input is N x 3 x size x size floats, on ONNX Runtime alone, and Pillow alone before it."""

    def __init__(self, model: bytes, card: Document) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._name, self._how = self._session.get_inputs()[0].name, ModelSpec.from_card(card).input
        self._filter = Image.Resampling[self._how.interpolation.upper()]
        mean, std = (np.array(values, np.float32).reshape(3, 1, 1) for values in (self._how.mean, self._how.std))
        self._mean, self._std = mean, std

    def pixels(self, body: bytes) -> NDArray[np.float32]:
        """A JPEG, decoded to no less than twice what it is resized to, as 1 x 3 x size x size floats."""
        file, size = Image.open(BytesIO(body)), self._how.size
        full = file.size
        file.draft("RGB", (2 * self._how.resize_size,) * 2)
        image = file.convert("RGB")
        x, y = image.width / full[0], image.height / full[1]
        left, top, right, bottom = self._how.box(*full)
        box = (left * x, top * y, min(right * x, image.width), min(bottom * y, image.height))
        rows = np.asarray(image.resize((size, size), self._filter, box))
        pixels: NDArray[np.float32] = rows.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
        return np.asarray(((pixels - self._mean) / self._std)[None])

    def forward(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """The model's numbers."""
        (numbers,) = self._session.run(None, {self._name: pixels})
        return np.asarray(numbers)


class Hop:
    """An upload to a server that reads it and answers a word."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def send(self, body: bytes, headers: Mapping[str, str]) -> None:
        """There and back. Raises RuntimeError."""
        self._connection.request("POST", "/", body, headers)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != OK:
            raise RuntimeError(f"the bare server answers {answer.status}")


@contextmanager
def server() -> Iterator[Hop]:
    """The server as we start it, with as many workers, before an application of ten lines."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "benchmarks.shared.bare", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        until_it_answers(port, (b"", {}))
        yield Hop(port)
    finally:
        process.terminate()
        process.wait()


def application() -> Callable[..., Awaitable[None]]:
    """What one worker serves."""
    return _answer


async def _answer(_scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:  # noqa: ANN401 - ASGI's dictionaries
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": OK, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"read"})


if __name__ == "__main__":
    http_server.serve(
        "benchmarks.shared.bare:application", "127.0.0.1", int(sys.argv[1]), ServerOptions(os.cpu_count() or 1)
    )
