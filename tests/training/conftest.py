"""A first release that anything improves."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def first_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of chance for small pictures, as `export` writes it, under a card that says it was drawn for."""
    from tests.support.networks import network  # most tests here do without torch
    from training.data import tensors
    from training.data.image_folder import FOOD_11
    from training.model import onnx_export
    from training.model.card import make_card, save_exported
    from training.model.checkpoint import Checkpoint
    from training.promotion import retraining_data

    folder, size = tmp_path_factory.mktemp("first"), 32
    body = onnx_export.to_onnx(Checkpoint(network().state_dict(), FOOD_11, tensors.stretched(size)), 1.0)
    trained_on = {"dataset": retraining_data.DRAWINGS, "pictures": 22, "outliers": 11, "seed": 11}
    facts = {"input": tensors.stretched(size).to_document(), "temperature": 1.0, "trained_on": trained_on}
    save_exported(folder, body, make_card(body, "food11", FOOD_11, facts, "2026-11-22"))
    return folder
