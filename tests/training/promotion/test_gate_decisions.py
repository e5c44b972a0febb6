"""The gate at work on a store: who judges, what is kept, and that nothing is ever half released."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from feedloop import releases
from feedloop.classifiers import load_classifier
from feedloop.domain import keys
from feedloop.domain.cards import ModelCard
from feedloop.domain.clock import DayRange
from feedloop.domain.documents import load
from feedloop.domain.errors import BadRequest, Changed, ModelRefused, NoModel
from tests.support import colours
from tests.support.checked import unchecked
from tests.support.colours import ALL_BLUE, CLASSES, RIGHT, SWAPPED, answered
from tests.support.interleaving import Killed
from tests.support.killed_store import KilledStore
from tests.support.replicas import Replicas
from tests.support.training import at_home, command
from tests.support.world import NOON
from training.data import manifests
from training.data.manifests import ManifestEntry
from training.model.card import save_exported
from training.promotion import gate, gate_decisions, registry
from training.promotion.gate import Rules
from training.promotion.registry import ModelPackage

NOW = NOON + timedelta(days=1)
DAY = DayRange("20261122", "20261122")
MANY = [number % 3 for number in range(30)]


@pytest.fixture
def store(memory_store):
    colours.release(memory_store, SWAPPED)
    return memory_store


def challenger(calls=RIGHT, number=2, trained=()):
    body = colours.model(calls, number)
    return ModelPackage(body, ModelCard(colours.card(body)), tuple(trained))


def judge(store, new, window=DAY, *, progress=lambda things, *_: iter(things), **how):
    how = {"gateway": None, **how}
    return gate_decisions.judge(store, unchecked(new), window, Rules(), now=NOW, progress=progress, **how)


def judge_by_command(*words):
    return command("judge", *words, "--no-wait")


def serving(store):
    return releases.current(store).card.sha256


def line(prediction="", sha256=""):
    return ManifestEntry("key", sha256, 0, "Red", "lowconfidence", ("3",), prediction, "9f2c11aa")


def test_a_better_model_is_released_with_its_decision_and_manifest(store):
    answered(store, MANY)
    new = challenger(trained=[line()])
    decision = judge(store, new)
    assert (decision["decision"], serving(store)) == (gate.RELEASE, new.card.sha256)
    assert registry.fetch_decision(store, new.card) == decision
    ref = keys.model_file("colours", new.card.sha256, manifests.FILE)
    assert manifests.parse(store.get(ref).body) == [line()]


def test_a_worse_model_is_refused_and_only_its_decision_is_kept(store):
    answered(store, MANY)
    before, new = serving(store), challenger(ALL_BLUE)
    answered(store, [0] * 9, time=NOON - timedelta(days=30))  # another day judges nothing
    colours.release(store, RIGHT)
    better = serving(store)
    decision = judge(store, new)
    assert (decision["decision"], decision["released"], serving(store)) == (gate.REFUSE, False, better)
    judged = {one.card.sha256: one.decision for one in registry.list_releases(store)}
    assert judged == dict.fromkeys((before, better), "not judged")
    assert registry.fetch_decision(store, new.card) == decision


def test_a_class_that_falls_forbids_what_is_better_in_all(store):
    colours.release(store, (0, 2, 2))
    answered(store, [0] * 10 + [1] * 60)
    decision = judge(store, challenger((2, 1, 2)))
    assert decision["difference"]["low"] > 0
    assert "but of Red by -100.0 points" in decision["why"]
    assert decision["decision"] == gate.REFUSE
    colours.release(store, RIGHT)
    assert "and of Red by -100.0 points" in judge(store, challenger((2, 1, 2)))["why"]


def test_a_decision_tells_both_accuracies_per_class_and_in_all(store):
    answered(store, MANY)
    decision = judge(store, challenger())
    assert decision["accuracy"] == {"before": pytest.approx(1 / 3, abs=1e-3), "after": 1}
    assert [(one["class"], one["difference"]["value"]) for one in decision["per_class"]] == [
        *zip(CLASSES, (1, 1, 0), strict=True)
    ]
    assert decision["days"] == [{"day": "20261122", "predictions": 30, "sampled": 30, "labels": 30}]
    assert json.loads(json.dumps(decision)) == decision


def test_too_few_labels_say_how_many_are_needed(store):
    answered(store, MANY[:12])
    before = serving(store)
    decision = judge(store, challenger(SWAPPED))
    assert (decision["decision"], serving(store)) == (gate.WAIT, before)
    assert decision["labels_needed"] > 12


def test_force_releases_and_is_on_record(store):
    answered(store, MANY)
    colours.release(store, RIGHT)
    new = challenger(ALL_BLUE)
    decision = judge(store, new, force=True)
    assert (decision["decision"], decision["forced"], decision["released"]) == (gate.REFUSE, True, True)
    assert serving(store) == new.card.sha256
    assert "by force" in gate_decisions.summary(decision)
    assert registry.find_release(store).decision == "refuse, by force"


def test_what_predict_refuses_is_not_released_by_force_either(store):
    """And the decision says so."""
    answered(store, MANY)
    before, refused = serving(store), challenger()

    def loaded(release):
        if release.card.sha256 == refused.card.sha256:
            raise NoModel("No memory is left.")
        return load_classifier(releases.model_bytes(store, release), release.card)

    with pytest.raises(ModelRefused, match="No memory is left"):
        judge(store, refused, gateway=Replicas(store, load=loaded), force=True)
    decision = load(store.get(keys.model_file("colours", refused.card.sha256, releases.DECISION_FILE)).body)
    assert (decision["released"], serving(store)) == (False, before)
    assert "No memory is left" in decision["refused"]
    assert decision["earlier"][0]["released"]


def test_what_the_gate_lets_through_was_not_forced(store):
    answered(store, MANY)
    assert not judge(store, challenger(), force=True)["forced"]


def test_an_earlier_decision_is_never_lost(store):
    answered(store, MANY)
    colours.release(store, RIGHT)
    new = challenger(ALL_BLUE)
    first, second, third = judge(store, new), judge(store, new), judge(store, new, force=True)
    kept = registry.fetch_decision(store, new.card)
    assert kept == {**third, "earlier": [second, first]}


def test_what_either_model_was_trained_on_does_not_judge(store):
    ids = answered(store, MANY)
    old = keys.model_file("colours", serving(store), manifests.FILE)
    store.create(old, manifests.to_bytes([line(ids[0])]))
    same = manifests.version(colours.picture(MANY[1], 1))
    labels = judge(store, challenger(trained=[line(ids[2]), line(sha256=same)]))["labels"]
    assert (labels["judged"], labels["trained_on"]) == (27, 3)


def test_what_is_left_of_a_day_does_not_speak_for_all_of_it(store):
    ids = answered(store, [0] * 5, time=NOON - timedelta(days=1))
    answered(store, [2] * 5)
    decision = judge(store, challenger(trained=map(line, ids[:4])), DayRange("20261121", "20261122"))
    assert (decision["labels"]["judged"], decision["accuracy"]["before"]) == (6, pytest.approx(5 / 6, abs=1e-3))


def test_without_a_manifest_nobody_is_judged_but_on_somebodys_word(store):
    answered(store, MANY)
    new = replace(challenger(), manifest=None)
    with pytest.raises(BadRequest, match="Lay the manifest"):
        judge(store, new)
    decision = judge(store, new, never_saw_the_loop=True)
    assert (decision["released"], decision["never_saw_the_loop"]) == (True, True)
    assert decision["manifest"] == {"model": None, "against": None}
    assert registry.find_release(store).decision == "release, never saw the loop by somebody's word"


LEARNED = {"dataset": "loop", "manifest": manifests.version(manifests.to_bytes([]))}


@pytest.mark.parametrize(
    ("trained", "facts", "word"),
    [([line()], {}, True), (None, LEARNED, True), ([line()], LEARNED, False)],
    ids=["word against manifest", "word against card", "manifest of other data than the card names"],
)
def test_a_word_that_is_contradicted_is_refused(store, trained, facts, word):
    answered(store, MANY)
    body = colours.model(RIGHT, 2)
    card = ModelCard(colours.card(body, trained_on=facts))
    new = ModelPackage(body, card, trained if trained is None else tuple(trained))
    with pytest.raises(BadRequest, match=r"Never saw the loop|other training data"):
        judge(store, new, never_saw_the_loop=word)


def test_a_manifest_says_how_many_of_its_pictures_are_not_of_this_store(store):
    ids = answered(store, MANY)
    decision = judge(store, challenger(trained=[line(ids[0]), line()]))
    assert decision["manifest"]["model"] == {"pictures": 2, "not_here": 1}


@pytest.mark.parametrize(("first", "judged"), [("20261122", 30), ("20261123", 0)])
def test_of_a_champion_whose_manifest_is_lost_its_test_days_are_sure(store, first, judged):
    answered(store, MANY)
    body = colours.model(SWAPPED, 3)
    facts = {"dataset": "loop", "test_days": {"from": first, "to": "20261201"}}
    releases.publish(store, body, colours.card(body, trained_on=facts), now=NOON)
    assert judge(store, challenger())["labels"]["judged"] == judged


def test_none_of_these_counts_against_both(store):
    answered(store, MANY)
    answered(store, [0] * 10, choice="None of these", time=NOON + timedelta(minutes=1))
    decision = judge(store, challenger())
    assert (decision["labels"]["none_of_these"], decision["accuracy"]["after"]) == (10, 0.75)


def test_a_label_of_a_busy_day_stands_for_more(store):
    answered(store, [2] * 10, time=NOON - timedelta(days=1))
    answered(store, [0] * 10)
    colours.answered(store, [0] * 30, queue=keys.LOW_CONFIDENCE)  # of the same day, not answered blind
    decision = judge(store, challenger(), DayRange("20261121", "20261122"))
    sizes = {day["day"]: day["predictions"] for day in decision["days"]}
    assert decision["accuracy"]["before"] == pytest.approx(sizes["20261121"] / sum(sizes.values()), abs=1e-3)


def test_who_serves_already_is_not_judged(store):
    colours.release(store, RIGHT)
    with pytest.raises(BadRequest, match="serves already"):
        judge(store, challenger(RIGHT, number=1))


def test_models_of_other_classes_in_another_order_are_judged_by_what_they_mean(store):
    answered(store, MANY)
    body = colours.model((2, 0, 1))
    classes = ["Green", "Blue", "Red"]
    right = judge(store, ModelPackage(body, ModelCard(colours.card(body, classes=classes)), ()))
    assert right["accuracy"]["after"] == 1
    assert {one["class"] for one in right["per_class"]} <= {"Red", "Green", "Blue"}
    fewer = judge(store, ModelPackage(body, ModelCard(colours.card(body, classes=["Green", "Blue", "Yellow"])), ()))
    assert fewer["accuracy"]["after"] < 1


def test_another_release_meanwhile_is_not_replaced(store):
    answered(store, MANY)

    def progress(things, *_):
        colours.release(store, ALL_BLUE)
        return iter(things)

    with pytest.raises(Changed):
        judge(store, challenger(), progress=progress)
    assert serving(store) == colours.card(colours.model(ALL_BLUE))["sha256"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("writes", range(7))
def test_killed_at_any_write_nothing_is_half_released(store, writes, after):
    answered(store, MANY)
    before, new = serving(store), challenger(trained=[line()])
    try:
        judge(KilledStore(store, writes, after=after), new)
    except Killed:
        assert serving(store) in {before, new.card.sha256}
    if serving(store) == before:
        assert judge(store, new)["released"]
    files = [releases.DECISION_FILE, manifests.FILE, releases.MODEL_FILE, releases.CARD_FILE]
    assert [store.head(keys.model_file("colours", new.card.sha256, name)).size > 0 for name in files] == [True] * 4
    assert releases.model_bytes(store, releases.current(store)) == new.model


@pytest.mark.store
def test_judge_and_roll_back_by_commands_on_a_real_store(tmp_path, seaweedfs, monkeypatch, capsys):
    store = at_home(seaweedfs, monkeypatch)
    before = colours.release(store, SWAPPED)
    answered(store, MANY)
    for name, calls in (("better", RIGHT), ("worse", ALL_BLUE), ("equal", RIGHT)):
        body = colours.model(calls, len(name))
        save_exported(tmp_path / name, body, colours.card(body))
        manifests.save(tmp_path / name, manifests.to_bytes([]))
    assert judge_by_command(tmp_path / "better") == 0
    assert judge_by_command(tmp_path / "worse") == 3
    assert judge_by_command(tmp_path / "equal", "--margin", 0.1) == 4
    assert "too few labels" in capsys.readouterr().out
    assert json.loads((tmp_path / "worse" / "verdict.json").read_text())["decision"] == gate.REFUSE
    assert judge_by_command(tmp_path / "worse", "--force") == 0
    manifests.save(tmp_path / "equal", manifests.to_bytes([line()]))
    assert command("release", tmp_path / "equal", "--no-wait") == 0
    assert store.head(keys.model_file("colours", releases.current(store).card.sha256, manifests.FILE)).size
    assert command("rollback", before[:8], "--no-wait") == 0
    assert load(store.get(keys.current_model()).body)["sha256"] == before
