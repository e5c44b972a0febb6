import hashlib
from random import Random

import pytest

pytest.importorskip("onnx", reason="training needs requirements/train.txt")

from tests.support.demo import CARD, MODEL
from training import tiny
from training.drawings import draw

PLAN = tiny.Plan(per_class=4, outliers=20, held_out=2)


@pytest.fixture(scope="module")
def made():
    return tiny.make(PLAN, "2026-11-22")


def test_the_same_seed_makes_the_same_model(made):
    assert tiny.make(PLAN, "2026-11-22") == made


def test_another_seed_makes_another_model(made):
    assert tiny.make(tiny.Plan(4, 20, 2, seed=5), "2026-11-22")[0] != made[0]


def test_the_card_describes_its_model(made):
    model, card = made
    assert card["sha256"] == hashlib.sha256(model).hexdigest()
    assert card["trained_on"]["pictures"] == 4 * len(tiny.NAMES) + 20
    assert set(card["metrics"]["per_class"]) == set(card["classes"])


def test_the_card_in_the_repository_says_what_its_model_is_not():
    assert CARD["sha256"] == hashlib.sha256(MODEL).hexdigest()
    assert CARD["note"] == tiny.NOTE
    assert "nothing of real food" in tiny.NOTE


def test_held_out_drawings_are_not_those_of_the_lesson():
    lesson = {picture.jpeg for picture, _ in tiny.lesson(PLAN)}
    rng = Random(f"held out {PLAN.seed}")
    assert tiny.as_uploaded(draw("Bread", rng), rng).jpeg not in lesson


def test_the_command_writes_both_files(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tiny, "Plan", lambda seed=1: PLAN)
    monkeypatch.setattr("sys.argv", ["tiny", "--to", str(tmp_path / "new")])
    tiny.main()
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"model.onnx", "card.json"}
    assert "accuracy" in capsys.readouterr().out
