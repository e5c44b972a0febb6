from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from feedloop.domain import labels
from feedloop.domain.annotations import UNKNOWN, Vote
from feedloop.domain.documents import dump, load
from feedloop.domain.labels import Label, LabelOutcome
from tests.support.strategies import DAY_ONE, votes

NOW = DAY_ONE
many_votes = st.dictionaries(st.integers(1, 20).map(str), votes(), max_size=8)


def vote(annotator, class_index, minute=0, **facts):
    at = DAY_ONE + timedelta(minutes=minute)
    chosen = Vote("class", class_index, annotator, at, cancelled=False, origin="manual", lead_time=None)
    return replace(chosen, **facts)


def skip(annotator, minute=0):
    return vote(annotator, None, minute, outcome="skipped", cancelled=True)


def numbered(cast):
    return {str(number): vote for number, vote in enumerate(cast)}


def label(*arriving):
    voted = Label("a prediction")
    for annotation, given_vote in arriving:
        voted = voted.with_vote(annotation, given_vote, NOW)
    return voted


@pytest.mark.parametrize(
    ("cast", "answer"),
    [
        ([], ("withdrawn", None)),
        ([vote("a", 3)], ("class", 3)),
        ([vote("a", 3), vote("b", 4)], ("disputed", None)),
        ([vote("a", 3), vote("b", 4), vote("c", 3)], ("class", 3)),
        ([vote("a", 3), vote("b", 3), vote("c", 4), vote("d", 4)], ("disputed", None)),
        ([vote("a", 3), vote("a", 4, minute=1)], ("class", 4)),
        ([vote("a", 3), skip("b")], ("class", 3)),
        ([skip("a"), skip("b")], ("skipped", None)),
        ([vote("a", 3), skip("a", minute=1)], ("skipped", None)),
        ([vote("a", None, outcome="other"), vote("b", None, outcome="unclear")], ("disputed", None)),
        ([vote("visitor", None, outcome="withdrawn", cancelled=True)], ("withdrawn", None)),
        ([vote(UNKNOWN, 3), vote(UNKNOWN, 4, minute=1)], ("disputed", None)),
        ([vote(UNKNOWN, 3), vote(UNKNOWN, 3, minute=1), vote("a", 4)], ("class", 3)),
        ([vote(UNKNOWN, 3), vote("a", 3), vote("b", 4)], ("class", 3)),
        ([vote(UNKNOWN, 3), skip(UNKNOWN, minute=1)], ("class", 3)),
    ],
)
def test_the_latest_votes_decide_by_strict_majority(cast, answer):
    assert labels.decide(numbered(cast)) == answer


@given(st.lists(votes(), max_size=8, unique_by=lambda v: v.updated_at), st.randoms())
def test_the_order_of_counting_does_not_matter(cast, chance):
    shuffled = chance.sample([*numbered(cast).items()], len(cast))
    assert labels.decide(dict(shuffled)) == labels.decide(numbered(cast))


@given(
    st.lists(st.tuples(st.sampled_from("12"), votes()), max_size=8, unique_by=lambda v: v[1].updated_at), st.randoms()
)
def test_versions_that_arrive_in_any_order_leave_the_same_votes(arriving, chance):
    shuffled = chance.sample(arriving, len(arriving))
    assert label(*shuffled).votes == label(*arriving).votes


@given(many_votes)
def test_a_vote_that_comes_twice_changes_nothing(cast):
    once = label(*cast.items())
    for annotation, again in cast.items():
        assert once.with_vote(annotation, again, NOW) is once


@given(many_votes)
def test_a_label_survives_the_store(cast):
    kept = label(*cast.items())
    assert Label.from_document(load(dump(kept.to_document()))) == kept


@given(many_votes)
def test_a_label_says_in_the_open_what_its_votes_say(cast):
    document = label(*cast.items()).to_document()
    assert (document["outcome"], document["class_index"]) == labels.decide(cast)


@given(many_votes)
def test_every_answer_that_was_ever_given_is_remembered(cast):
    kept, answers = Label("a prediction"), set()
    for annotation, given_vote in cast.items():
        kept = kept.with_vote(annotation, given_vote, NOW)
        answers.add(kept.outcome)
    assert kept.outcomes_ever == answers


def test_a_new_vote_must_be_shown_again():
    shown = replace(label(("1", vote("a", 3))), materialised="an etag")
    assert shown.with_vote("2", vote("b", 3), NOW).materialised == ""


def test_a_deleted_annotation_no_longer_counts_but_stays_on_record():
    left = label(("1", vote("a", 3)), ("2", vote("b", 4))).without_vote("1", vote("a", 3), NOW)
    assert left.outcome == ("class", 4)
    assert left.votes["1"].outcome == "withdrawn"
    assert left.history[-1]["because"] == "withdrawal of 1"


@given(many_votes, st.integers(1, 20).map(str), votes())
def test_withdrawing_twice_or_what_never_was_changes_nothing(cast, annotation, last_seen):
    once = label(*cast.items()).without_vote(annotation, last_seen, NOW)
    assert once.without_vote(annotation, last_seen, NOW) is once


def test_a_vote_newer_than_the_deletion_stays():
    back = label(("1", vote("a", 4, minute=1)))
    assert back.without_vote("1", vote("a", 3), NOW) is back


@given(votes(), st.timedeltas(timedelta(), timedelta(days=1)))
def test_a_version_seen_before_its_withdrawal_is_told_from_a_new_one(cast, later):
    assume(cast.outcome != "withdrawn")
    gone = label(("1", cast)).without_vote("1", cast, NOW)
    assert gone.is_withdrawn("1", cast)
    assert gone.is_withdrawn("1", replace(cast, updated_at=cast.updated_at + later)) == (not later)


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (("withdrawn", None), ("class", 3), "curated"),
        (("class", 3), ("class", 4), "moved"),
        (("class", 3), ("class", 3), "unchanged"),
        (("class", 3), ("disputed", None), "disputed"),
        (("disputed", None), ("class", 3), "curated"),
    ],
)
def test_a_change_is_told_in_one_word(before, after, word):
    assert labels.change(LabelOutcome(*before), LabelOutcome(*after)) == word
