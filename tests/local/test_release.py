"""Releases on a running system: seen serving, refused by predict, and taken back."""

import hashlib

import pytest

from feedloop.domain.cards import ModelCard
from feedloop.domain.clock import utc_now
from feedloop.domain.errors import ModelRefused
from tests.local.conftest import SYSTEM
from tests.support import demo, swaps
from tests.support.checked import unchecked
from tests.support.training import command
from training.commands import store_connection
from training.model.card import save_exported
from training.promotion import rollout
from training.promotion.registry import ModelPackage
from training.promotion.rollout import HttpGateway


def card(body):
    return {**demo.CARD, "sha256": hashlib.sha256(body).hexdigest()}


@SYSTEM
@pytest.mark.soak
@pytest.mark.slow("waits for every replica three times, ten seconds each")
def test_a_release_is_seen_and_what_predict_refuses_is_taken_back(system, tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(system.data_dir))
    body, broken = swaps.another(5), demo.MODEL[:-3000]
    save_exported(tmp_path, body, card(body))
    assert command("release", tmp_path) == 0
    about = system.call("predict", "GET").json()
    assert about["model"]["version"] == card(body)["sha256"][:8]
    with pytest.raises(ModelRefused, match=r"refuses .* The pointer is back at food11"):
        rollout.release(
            store_connection.open_store(),
            unchecked(ModelPackage(broken, ModelCard(card(broken)))),
            gateway=HttpGateway(system.url),
            now=utc_now(),
            progress=lambda things, *_: things,
        )
    assert system.call("predict", "GET").json()["model"] == about["model"]
    assert command("rollback") == 0
    assert system.call("predict", "GET").json()["model"]["version"] == demo.CARD["sha256"][:8]
