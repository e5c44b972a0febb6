"""A simulation keeps away from everybody's data."""

import pytest

from feedloop.adapters.memory import MemoryStore
from feedloop.domain.errors import WrongSetting
from simulation.__main__ import main
from simulation.days import check
from simulation.truth import Fact, Truth
from tests.support import world


@pytest.fixture
def store():
    return MemoryStore(clock=world.SettableClock())


def test_predictions_of_others_are_noticed(store, tmp_path):
    made = world.commit(store, world.prediction())
    with pytest.raises(WrongSetting, match="somebody else's"):
        check(store, Truth(tmp_path / "truth"), made.id.day)


def test_its_own_predictions_are_fine(store, tmp_path):
    made, truth = world.commit(store, world.prediction()), Truth(tmp_path / "truth")
    truth.add([Fact(str(made.id), 0, 0, "Rice", "Rice")])
    check(store, truth, made.id.day)


@pytest.mark.parametrize("name", ["S3_ENDPOINT", "BUCKET_PREFIX", "LABEL_STUDIO_URL"])
def test_somebodys_store_or_label_studio_is_refused(name, capsys, tmp_path):
    assert main(["--leave"], {name: "http://store.example", "DATA_DIR": str(tmp_path)}) == 1
    assert f"{name} is set" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_directory_with_other_data_is_refused(capsys, tmp_path):
    (tmp_path / "seaweedfs").mkdir()
    assert main(["--annotator", "direct"], {"DATA_DIR": str(tmp_path)}) == 1
    assert "no simulation made" in capsys.readouterr().out


def test_a_wrong_option_is_told(capsys):
    assert main(["--drift", "2"], {}) == 1
    assert "drift" in capsys.readouterr().out
