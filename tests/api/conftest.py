"""The functions as `make run` serves them, on a real store, one process."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import Client

from feedloop.ports import ObjectStore
from local import gateway
from tests.api import described
from tests.support import demo
from tests.support.servers import Server, deployment_settings, fresh_store
from tests.support.wiring_caches import clear_wiring

TOKENS = {"event": "an event token", "operator": "an operator token", "report": "a report token"}


@pytest.fixture(scope="module")
def store(seaweedfs: Server) -> ObjectStore:
    """A deployment's own buckets, with the demonstration model released."""
    store = fresh_store(seaweedfs)
    demo.release(store)
    return store


@pytest.fixture(scope="module")
def environment(seaweedfs: Server, store: ObjectStore, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a platform would give; secrets lie in a folder."""
    folder: Path = tmp_path_factory.mktemp("secrets")
    unlimited = dict.fromkeys(("PREDICT_LIMIT", "FLAG_LIMIT", "RELABEL_LIMIT"), "0")  # a case is to reach its function
    return {**deployment_settings(seaweedfs, store, folder, **TOKENS), **unlimited}


@pytest.fixture(scope="module")
def client(environment: dict[str, str]) -> Iterator[Client]:
    """Calls of the deployment; cases go there too, and know receipts that it handed out."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        clear_wiring()
        described.served[:] = [gateway.application()]
        client = Client(described.served[0])
        responses = [client.post("/function/predict", data=picture).text for picture in described.PICTURES]
        described.receipts[:] = [described.FORGED, *(json.loads(answer)["prediction_id"] for answer in responses)]
        yield client
    clear_wiring()
