import hashlib

import pytest

from feedloop import class_lists, releases
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import dump, load
from feedloop.domain.errors import BadRequest, Changed, ClassesDisagree, NoModel
from tests.support.world import NOON

CLASSES = ["Bread", "Egg"]
INPUT = {"size": 8, "mean": [0.5] * 3, "std": [0.5] * 3, "resize": "stretch"}


@pytest.fixture
def store():
    return MemoryStore()


def publish(store, model, classes=CLASSES, *, new_classes=False, **facts):
    card = {"v": 1, "name": "food", "sha256": hashlib.sha256(model).hexdigest(), "classes": classes, **facts}
    return releases.publish(store, model, card, now=NOON, new_classes=new_classes).id


def pointer(store):
    return load(store.get(keys.current_model()).body)


def test_the_published_model_is_current(store):
    sha256 = publish(store, b"weights")
    release = releases.current(store)
    assert (release.card.name, release.card.sha256, release.classes.names) == ("food", sha256, ("Bread", "Egg"))
    assert releases.model_bytes(store, release) == b"weights"


def test_publishing_again_changes_nothing(store):
    publish(store, b"weights")
    before = store.head(keys.current_model())
    publish(store, b"weights")
    assert store.head(keys.current_model()) == before


def test_the_pointer_remembers_what_served_before(store):
    first = publish(store, b"weights")
    second = publish(store, b"better weights")
    assert (pointer(store)["sha256"], pointer(store)["previous"]) == (second, first)


def test_only_the_model_that_was_meant_is_replaced(store):
    first, second = publish(store, b"weights"), publish(store, b"better weights")
    with pytest.raises(Changed):
        releases.point_to(store, "food", "0" * 64, NOON, instead_of=first)
    assert pointer(store)["sha256"] == second
    releases.point_to(store, "food", first, NOON, instead_of=second)
    releases.point_to(store, "food", first, NOON, instead_of=second)  # our own answer got lost: it is done
    assert pointer(store)["sha256"] == first


def test_an_earlier_model_can_be_published_again(store):
    first, second = publish(store, b"weights"), publish(store, b"better weights")
    publish(store, b"weights")
    assert (pointer(store)["sha256"], pointer(store)["previous"]) == (first, second)


def test_a_new_model_may_know_more_classes(store):
    publish(store, b"weights")
    publish(store, b"better weights", [*CLASSES, "Soup"])
    assert releases.class_list(store).names == ("Bread", "Egg", "Soup")


def test_a_model_may_know_its_classes_in_any_order_and_not_all(store):
    publish(store, b"weights", ["Bread", "Egg", "Soup"])
    publish(store, b"other weights", ["Soup", " Bread "])
    release = releases.current(store)
    assert (release.indices, release.card.classes) == ((2, 0), ("Soup", "Bread"))
    assert releases.class_list(store).names == ("Bread", "Egg", "Soup")


def test_models_of_all_names_share_one_list_which_older_replicas_find_under_their_name(store):
    publish(store, b"weights", ["Bread", "Egg"])
    publish(store, b"other", ["Egg", "Rice"], name="lunch")
    assert releases.current(store).indices == (1, 2)
    whole = [{"name": name, "former": []} for name in ("Bread", "Egg", "Rice")]
    assert load(store.get(keys.class_list()).body)["classes"] == whole
    assert load(store.get(keys.class_list("lunch")).body)["classes"] == whole


def test_a_model_of_other_classes_is_only_added_when_that_is_meant(store):
    publish(store, b"weights")
    with pytest.raises(BadRequest, match=r"knows none of the store's 2 classes .Bread, Egg.: .* --new-classes"):
        publish(store, b"planes", ["Jet", "Glider"])
    assert releases.class_list(store).names == ("Bread", "Egg")
    publish(store, b"planes", ["Jet", "Glider"], new_classes=True)
    assert releases.current(store).indices == (2, 3)


def test_a_corrected_card_of_the_same_file_is_a_release_of_its_own(store):
    first, second = publish(store, b"weights", ["Bread", "Egg"]), publish(store, b"weights", ["Egg", "Bread"])
    assert (first, second != first) == (hashlib.sha256(b"weights").hexdigest(), True)
    assert (pointer(store)["sha256"], releases.current(store).indices) == (second, (1, 0))
    assert releases.model_bytes(store, releases.current(store)) == b"weights"
    assert releases.fetch_release(store, "food", first).indices == (0, 1)
    brighter = {"input": {**INPUT, "mean": [0.1] * 3}}
    assert len({publish(store, b"weights", **facts) for facts in ({"input": INPUT}, brighter)} | {first, second}) == 4


@pytest.mark.parametrize("more", [{"resize": "shorter_side"}, {"layout": "NHWC"}, {"channels": "BGR"}])
def test_what_older_replicas_would_serve_wrongly_has_an_id_that_they_refuse(store, more):
    assert publish(store, b"weights", input=INPUT) == hashlib.sha256(b"weights").hexdigest()
    assert publish(store, b"other", input={**INPUT, **more}) != hashlib.sha256(b"other").hexdigest()
    assert publish(store, b"third", output={"kind": "logits"}) != hashlib.sha256(b"third").hexdigest()


def test_a_card_that_only_says_more_stays_the_same_release(store):
    first = publish(store, b"weights", input=INPUT)
    assert publish(store, b"weights", input={**INPUT, "interpolation": "bilinear"}, note="for lunch") == first
    assert releases.current(store).card.document["note"] == "for lunch"


def test_the_same_file_under_another_name_shares_its_id_only_if_it_answers_alike(store):
    first = publish(store, b"weights", input=INPUT)
    assert publish(store, b"weights", name="lunch", input=INPUT) == first
    assert publish(store, b"weights", name="dinner", input={**INPUT, "mean": [0.1] * 3}) != first


def test_a_rename_never_changes_what_an_older_model_means(store):
    first = publish(store, b"weights", ["Bread", "Egg"])
    class_lists.edit(store, lambda classes: classes.renamed("Egg", "Eggs"))
    publish(store, b"new", ["Bread", "Egg", "Eggs"])
    assert releases.current(store).indices == (0, 2, 1)
    releases.point_to(store, "food", first, NOON)
    assert [releases.current(store).classes.name(index) for index in releases.current(store).indices] == [
        "Bread",
        "Eggs",
    ]
    assert publish(store, b"weights", ["Bread", "Egg"]) == first, "released again it is still the old model"


def test_a_list_that_was_lost_is_made_anew_by_the_next_release(store):
    first = publish(store, b"weights")
    for name in ("", "food"):
        store.delete(keys.class_list(name))
    assert publish(store, b"weights") == first
    assert releases.class_list(store).names == ("Bread", "Egg")


def of_an_older_tool(store, name, classes):
    """A release that knows nothing of the store's list."""
    store.create(keys.class_list(name), dump(ClassList.of(classes).to_document()))
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    card = {"v": 1, "name": name, "sha256": sha256, "classes": classes}
    store.create(keys.model_file(name, sha256, releases.CARD_FILE), dump(card))
    releases.point_to(store, name, sha256, NOON)


@pytest.mark.parametrize("classes", [["Egg", "Bread"], ["Bread", "Rice"], ["Bread", "Egg", "Soup"]])
def test_a_release_of_an_older_tool_never_serves_under_wrong_names(store, classes):
    publish(store, b"weights")
    of_an_older_tool(store, "lunch", classes)
    with pytest.raises(NoModel, match=r"release it again|more classes"):
        releases.current(store)


def test_a_release_of_an_older_tool_serves_where_its_names_are_the_lists(store):
    publish(store, b"weights")
    class_lists.edit(store, lambda classes: classes.renamed("Egg", "Eggs"))
    of_an_older_tool(store, "lunch", ["Bread", "Egg"])
    assert (releases.current(store).indices, releases.class_list(store).names) == ((0, 1), ("Bread", "Eggs"))


def test_lists_of_before_are_one_where_they_agree(store):
    of_an_older_tool(store, "dinner", ["Bread", "Egg", "Soup"])
    of_an_older_tool(store, "lunch", ["Bread", "Egg"])
    assert releases.agreed_class_list(store).names == ("Bread", "Egg", "Soup")
    publish(store, b"weights", ["Soup", "Rice"])
    assert releases.current(store).indices == (2, 3)


def test_lists_of_before_that_disagree_stop_who_counts_labels_and_nobody_else(store):
    of_an_older_tool(store, "dinner", ["Egg", "Bread"])
    of_an_older_tool(store, "lunch", ["Bread", "Egg"])
    for refused in (lambda: releases.agreed_class_list(store), lambda: publish(store, b"weights")):
        with pytest.raises(ClassesDisagree, match=r"dinner and lunch disagree.*`feedloop classes migrate`"):
            refused()
    assert releases.class_list(store).names == ("Bread", "Egg")
    assert releases.current(store).indices == (0, 1)


@pytest.mark.parametrize("ask", [releases.current, releases.class_list])
def test_without_a_release_it_is_said_what_to_do(store, ask):
    with pytest.raises(NoModel, match="release one"):
        ask(store)


def test_a_model_file_that_is_not_the_released_one_is_never_run(store):
    publish(store, b"weights")
    release = releases.current(store)
    ref = keys.model_file("food", release.card.sha256, releases.MODEL_FILE)
    store.replace(ref, b"tampered", etag=store.head(ref).etag)
    with pytest.raises(NoModel, match="not the one"):
        releases.model_bytes(store, release)


def test_a_release_without_its_file_is_told(store):
    publish(store, b"weights")
    release = releases.current(store)
    store.delete(keys.model_file("food", release.card.sha256, releases.MODEL_FILE))
    with pytest.raises(NoModel, match="no model file"):
        releases.model_bytes(store, release)
