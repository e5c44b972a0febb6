"""A first release that anything improves."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def first_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of chance for small pictures, as `export` writes it, under a card that says it was drawn for."""
    from tests.support.networks import network  # most tests here do without torch
    from training import cards, exporting, lessons, loading
    from training.checkpoint import Checkpoint
    from training.dataset import FOOD_11

    folder, size = tmp_path_factory.mktemp("first"), 32
    body = exporting.export(Checkpoint(network().state_dict(), FOOD_11, size), 1.0)
    trained_on = {"dataset": lessons.DRAWINGS, "pictures": 22, "outliers": 11, "seed": 11}
    facts = {"input": loading.card_input(size), "temperature": 1.0, "trained_on": trained_on}
    cards.write(folder, body, cards.card(body, "food11", FOOD_11, facts, "2026-11-22"))
    return folder
