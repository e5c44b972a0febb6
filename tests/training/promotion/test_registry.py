import hashlib

import pytest

from feedloop import releases
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.documents import load
from feedloop.domain.errors import BadRequest, Malformed, NoModel
from tests.support.checked import unchecked
from tests.support.world import NOON
from training.model.card import make_card, save_exported
from training.promotion import registry, rollout
from training.promotion.registry import ModelPackage

CLASSES = ["Bread", "Egg"]


@pytest.fixture
def store():
    return MemoryStore()


def release(store, model, classes=CLASSES, renames=None):
    sha256 = hashlib.sha256(model).hexdigest()
    card = {"v": 1, "name": "food", "sha256": sha256, "classes": classes}
    registry.publish(store, ModelPackage(model, ModelCard(card)), renames or {}, now=NOON)
    return sha256


def roll_back(store):
    checked = unchecked(registry.fetch_released(store, "previous"))
    rollout.rollback(store, checked, gateway=None, now=NOON, progress=lambda things, *_: things)


def test_the_list_says_which_release_serves(store):
    first, second = release(store, b"one"), release(store, b"two")
    assert {one.card.sha256: one.mark for one in registry.list_releases(store)} == {second: "serves", first: "previous"}


def test_the_same_model_under_two_names_is_one_release_to_go_back_to(store):
    first = release(store, b"one")
    for name, body in (("lunch", b"one"), ("lunch", b"two")):
        card = {"v": 1, "name": name, "sha256": hashlib.sha256(body).hexdigest(), "classes": CLASSES}
        registry.publish(store, ModelPackage(body, ModelCard(card)), now=NOON)
    assert registry.find_release(store).card.name == "lunch"
    assert registry.find_release(store, "previous").card.id == first == registry.find_release(store, first).card.id


def test_before_the_first_release_the_list_is_empty(store):
    assert list(registry.list_releases(store)) == []


def test_a_rollback_goes_to_the_previous_release(store):
    first, second = release(store, b"one"), release(store, b"two")
    roll_back(store)
    assert releases.current(store).card.sha256 == first
    assert load(store.get(keys.current_model()).body)["previous"] == second


def test_a_rollback_goes_to_any_release_by_its_beginning(store):
    first, *_ = [release(store, body) for body in (b"one", b"two", b"three")]
    assert registry.fetch_released(store, first[:6]).card.sha256 == first


@pytest.mark.parametrize("which", ["zz", "previous"])
def test_a_release_that_is_not_there_is_told(store, which):
    release(store, b"one")
    with pytest.raises(BadRequest, match="0 releases answer to"):
        registry.fetch_released(store, which)


def test_a_release_whose_file_is_damaged_never_serves_again(store):
    first, second = release(store, b"one"), release(store, b"two")
    ref = keys.model_file("food", first, releases.MODEL_FILE)
    store.replace(ref, b"tampered", etag=store.head(ref).etag)
    with pytest.raises(NoModel):
        roll_back(store)
    assert releases.current(store).card.sha256 == second


def test_a_rollback_to_fewer_classes_keeps_the_list(store):
    release(store, b"one")
    release(store, b"two", [*CLASSES, "Soup"])
    roll_back(store)
    assert releases.current(store).classes.names == ("Bread", "Egg", "Soup")


def test_a_renamed_class_keeps_its_index_and_its_former_name(store):
    release(store, b"one")
    release(store, b"two", ["Bread", "Eggs"], {"Egg": "Eggs"})
    classes = releases.class_list(store)
    assert (classes.names, classes.index("Egg"), classes.former) == (("Bread", "Eggs"), 1, ((), ("Egg",)))


def test_a_release_cut_off_after_its_rename_can_be_repeated(store):
    release(store, b"one")
    for model in (b"two", b"three"):
        release(store, model, ["Bread", "Eggs"], {"Egg": "Eggs"})
    assert releases.class_list(store).former == ((), ("Egg",))


@pytest.mark.parametrize("classes", [["Bread", "Egg", "Egg"], ["Bread", "egg"], ["Bread", "Egg", "None of these"], []])
def test_a_release_with_a_name_that_none_can_have_is_refused(store, classes):
    first = release(store, b"one")
    with pytest.raises(Malformed):
        release(store, b"two", classes)
    assert [one.card.sha256 for one in registry.list_releases(store)] == [first]


@pytest.mark.parametrize("renames", [{"Pizza": "Soup"}, {"Egg": "Bread"}, {"Egg": "can't tell"}])
def test_a_rename_that_does_not_fit_changes_nothing(store, renames):
    release(store, b"one")
    with pytest.raises(Malformed):
        release(store, b"two", ["Bread", "Egg"], renames)
    assert releases.class_list(store).names == ("Bread", "Egg")


def test_nothing_can_be_renamed_before_the_first_release(store):
    with pytest.raises(NoModel, match="nothing to rename"):
        release(store, b"one", renames={"Egg": "Eggs"})


def test_renames_are_read_as_old_and_new():
    assert registry.parse_renames(["Egg=Eggs", "a b=c=d"]) == {"Egg": "Eggs", "a b": "c=d"}
    with pytest.raises(BadRequest, match="old=new"):
        registry.parse_renames(["Egg"])


def exported(folder, weights):
    card = make_card(b"model", "food", tuple(CLASSES), {}, "")
    save_exported(folder, b"model", card, weights)
    return registry.load_package(folder)


def test_weights_are_kept_beside_the_release_that_names_them(store, tmp_path):
    for weights in (b"first", b"trained once more"):
        package = exported(tmp_path, weights)
        registry.publish(store, package, now=NOON)
        assert registry.fetch_weights(store, package.card) == weights
    assert registry.fetch_weights(store, ModelCard({**package.card.document, "weights": "of others"})) == b""


def test_weights_of_another_model_are_refused_and_missing_ones_are_not(tmp_path):
    exported(tmp_path, b"weights")
    (tmp_path / "weights.safetensors").write_bytes(b"others")
    with pytest.raises(BadRequest, match="belongs to another model"):
        registry.load_package(tmp_path)
    (tmp_path / "weights.safetensors").unlink()
    assert registry.load_package(tmp_path).weights == b""
    assert exported(tmp_path, b"").card.document.get("weights") is None
