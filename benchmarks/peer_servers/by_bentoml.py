"""The model behind BentoML: `bentoml serve benchmarks.peer_servers.by_bentoml:Service`."""

from pathlib import Path
from typing import Annotated, Any

import bentoml
from bentoml.validators import ContentType

from benchmarks.peer_servers.model import WORKERS, Model


@bentoml.service(workers=WORKERS)
class Service:
    """One upload at a time in each worker."""

    def __init__(self) -> None:
        self.model = Model()

    @bentoml.api
    def predict(self, file: Annotated[Path, ContentType("image/*")]) -> dict[str, Any]:
        """One upload."""
        return self.model.answer(file.read_bytes())
