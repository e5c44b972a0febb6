"""The model behind LitServe: `python -m benchmarks.peer_servers.by_litserve PORT`."""

import sys
from typing import Any

import litserve
from fastapi import Request

from benchmarks.peer_servers.model import WORKERS, Model


class Api(litserve.LitAPI):
    """One upload at a time in each worker."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - as LitServe calls it
        """Once per worker."""
        self.model = Model()

    def decode_request(self, request: Request) -> bytes:
        """The file of the form."""
        return bytes(request["file"].file.read())

    def predict(self, body: bytes) -> dict[str, Any]:
        """One upload."""
        return self.model.answer(body)

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        """As it is."""
        return output


if __name__ == "__main__":
    server = litserve.LitServer(Api(), accelerator="cpu", workers_per_device=WORKERS)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="error")
