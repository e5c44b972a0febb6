"""What release, judge and rollback share: whom they ask, predict's limits, and what they check with."""

import hashlib
import json
import re
from datetime import timedelta

import pytest

from feedloop import releases
from feedloop.domain.errors import BadRequest, WrongSetting
from tests.support import colours, demo
from tests.support.colours import RIGHT, SWAPPED
from tests.support.training import command
from tests.support.uploads import clear_upload
from tests.support.world import NOON
from training.commands import checking, store_connection
from training.model.card import save_exported


@pytest.fixture
def store(memory_store, monkeypatch):
    colours.release(memory_store, SWAPPED)
    monkeypatch.setattr("training.commands.store_connection.open_store", lambda: memory_store)
    return memory_store


@pytest.fixture
def folder(tmp_path):
    body = colours.model(RIGHT)
    save_exported(tmp_path / "model", body, colours.card(body))
    return tmp_path / "model"


def serving(store):
    return releases.current(store).card.sha256


def connection(folder, **changes):
    s3 = {"endpoint": "http://127.0.0.1:8333", "access_key": "me", "secret_key": "secret"}
    (folder / "connection.json").write_text(json.dumps({"s3": s3, "gateway": "http://127.0.0.1:8080", **changes}))
    return {"DATA_DIR": str(folder)}


def test_the_gateway_is_that_of_the_running_system(tmp_path):
    env = connection(tmp_path)
    assert store_connection.gateway_url(env) == "http://127.0.0.1:8080"
    assert store_connection.gateway_url({**env, "S3_ENDPOINT": "http://127.0.0.1:8333"}) == "http://127.0.0.1:8080"


def test_the_gateway_of_another_store_is_not_asked(tmp_path):
    with pytest.raises(WrongSetting, match=r"--gateway URL, or say --no-wait"):
        store_connection.gateway_url({**connection(tmp_path), "S3_ENDPOINT": "https://s3.example"})


@pytest.mark.parametrize("words", [["release"], ["judge"]])
def test_where_no_gateway_answers_nothing_moves(store, folder, words, capsys):
    before = serving(store)
    assert command(*words, folder, "--gateway", "http://127.0.0.1:9") == 5
    assert capsys.readouterr().err.startswith("error: http://127.0.0.1:9/function/predict does not answer")
    assert serving(store) == before


def test_what_is_no_address_is_no_gateway(store, folder, capsys):
    assert command("release", folder, "--gateway", "localhost:8080") == 1
    assert "--gateway 'localhost:8080' is wrong: it must begin with http" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["release"], ["adopt"]])
def test_classes_that_the_store_does_not_know_end_it_before_a_picture_is_asked(store, folder, words, capsys):
    body = colours.model(RIGHT)
    save_exported(folder, body, {**colours.card(body), "classes": ["Tea", "Cake", "Pie"]})
    before = serving(store)
    assert command(*words, folder, "--no-wait") == 1
    written = capsys.readouterr()
    assert "say --new-classes" in written.err
    assert "checked with" not in written.out
    assert not (folder / checking.SHEET).exists()
    assert serving(store) == before


def test_names_that_the_store_does_not_know_end_it_before_the_model_is_opened(store, tmp_path, capsys):
    (tmp_path / "model.onnx").write_bytes(b"no model")
    assert command("adopt", tmp_path / "model.onnx", "--classes", "Tea,Cake", "--no-wait") == 1
    assert "say --new-classes" in capsys.readouterr().err


def test_a_folder_without_a_card_leads_to_adopt(tmp_path, capsys):
    (tmp_path / "model.onnx").write_bytes(b"x")
    assert command("release", tmp_path) == 1
    assert "card.json cannot be opened (No such file or directory). A model from elsewhere" in capsys.readouterr().err


def test_a_rename_that_makes_the_classes_fit_is_counted_first(store, folder, capsys):
    body = colours.model(RIGHT)
    names = colours.card(body)["classes"]
    save_exported(folder, body, {**colours.card(body), "classes": [f"{name} dish" for name in names]})
    renames = [word for name in names for word in ("--rename", f"{name}={name} dish")]
    assert command("release", folder, "--no-wait", *renames) == 0
    assert f"{len(names)} of its classes are among the {len(names)} of the store" in capsys.readouterr().out


def test_a_release_that_nobody_looks_at_says_so_and_leaves_a_contact_sheet(store, folder, capsys):
    assert command("release", folder, "--no-wait", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["data"]["sha256"], document["data"]["seen_serving"]) == (serving(store), False)
    assert "What colours " in (folder / checking.SHEET).read_text()


@pytest.mark.parametrize("words", [["release"], ["adopt"], ["judge", "--never-saw-the-loop", "--force"]])
def test_all_that_is_shown_has_the_id_that_serves(store, folder, words, monkeypatch, capsys):
    colours.answered(store, [0, 1, 2])
    monkeypatch.setattr(store_connection, "clock", lambda: lambda: NOON + timedelta(days=2))
    body = colours.model(RIGHT)
    save_exported(folder, body, {**colours.card(body), "output": {"temperature": 1.5}})  # not told by its file alone
    assert command(*words, folder, "--no-wait") == 0
    shown = capsys.readouterr().out + (folder / checking.SHEET).read_text()
    version = releases.current(store).card.version
    assert set(re.findall("colours ([0-9a-f]{8})", shown)) == {version} != {hashlib.sha256(body).hexdigest()[:8]}


def test_a_model_that_fails_a_check_is_not_released_by_force(store, folder, capsys):
    before = serving(store)
    save_exported(folder, b"no model" * 9, colours.card(b"no model" * 9))
    for words in (["release"], ["judge", "--force", "--since", "20261101", "--until", "20261102"]):
        assert command(*words, folder, "--no-wait") == 1
        assert "error: file: " in capsys.readouterr().err
    assert serving(store) == before


def test_labelled_pictures_are_told_by_their_folders(tmp_path):
    for name in ("Egg", "Soup"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.jpg").write_bytes(clear_upload())
    classes = tuple(demo.CARD["classes"])
    given, truth = checking.load_pictures(tmp_path, classes)
    assert (len(given), truth) == (2, [classes.index("Egg"), classes.index("Soup")])
    assert checking.load_pictures(tmp_path / "Egg", classes)[1] is None
    (tmp_path / "Egg" / "two.jpg").write_bytes(clear_upload()[:-99])
    with pytest.raises(BadRequest, match=r"two\.jpg cannot be used"):
        checking.load_pictures(tmp_path, classes)


@pytest.mark.parametrize(
    ("memory", "size"),
    [("", 2**30), ("1500Mi", 1500 * 2**20), ("2G", 2 * 10**9), ("0.5Gi", 2**29), ("536870912", 2**29)],
)
def test_the_memory_of_predict_is_taken_as_the_platform_takes_it(memory, size):
    assert checking.predict_limits({"PREDICT_MEMORY": memory, "PREDICT_WORKERS": ""}) == (size, 2)


@pytest.mark.parametrize("wrong", [{"PREDICT_MEMORY": "much"}, {"PREDICT_MEMORY": "1Zi"}, {"PREDICT_WORKERS": "0"}])
def test_limits_that_are_none_are_named(wrong):
    with pytest.raises(WrongSetting, match=next(iter(wrong))):
        checking.predict_limits(wrong)
