"""Personas err as often as they are meant to."""

from dataclasses import replace
from statistics import fmean

import pytest

from feedloop.domain.class_names import CANNOT_TELL, NONE_OF_THESE
from simulation import personas
from simulation.personas import ACCEPTED, CHANGED, MANUAL, Submission
from simulation.plan import Plan

PLAN = Plan(flags=0.3, false_flags=0.05, relabels=0.2, false_relabels=0.04, anchoring=0.25, unclear=0.02, skips=0.03)
STEADY = replace(PLAN, anchoring=0, unclear=0, skips=0)
MANY = 20_000


def visits(truth, told):
    return [personas.visit(PLAN, truth, told, PLAN.chance("test", number)) for number in range(MANY)]


def answers(truth, shown, *, mistakes=0.0, plan=PLAN):
    return [personas.annotate(plan, mistakes, truth, shown, plan.chance("test", number)) for number in range(MANY)]


def about(share):
    """Five standard errors."""
    return pytest.approx(share, abs=5 * (share * (1 - share) / MANY) ** 0.5)


def test_visitors_flag_and_correct_wrong_answers_as_often_as_they_are_meant_to():
    reactions = visits("Bread", "Egg")
    assert fmean(reaction.flags for reaction in reactions) == about(0.3)
    assert fmean(reaction.relabels == "Bread" for reaction in reactions) == about(0.2)
    assert {reaction.relabels for reaction in reactions} == {"", "Bread"}


def test_visitors_doubt_right_answers_falsely_as_often_as_they_are_meant_to():
    reactions = visits("Bread", "Bread")
    assert fmean(reaction.flags for reaction in reactions) == about(0.05)
    assert fmean(reaction.relabels != "" for reaction in reactions) == about(0.04)
    assert "Bread" not in {reaction.relabels for reaction in reactions}


def test_who_shows_none_of_the_classes_still_names_one_of_them():
    named = {reaction.relabels for reaction in visits(NONE_OF_THESE, "Egg")}
    assert NONE_OF_THESE not in named
    assert "Egg" not in named


def test_blind_annotators_err_at_their_own_rate():
    wrong = [answer.choice != "Rice" for answer in answers("Rice", "", mistakes=0.06, plan=STEADY)]
    assert fmean(wrong) == about(0.06)


def test_annotators_who_see_a_wrong_answer_accept_it_as_often_as_they_are_meant_to():
    seen = answers("Rice", "Soup", plan=replace(STEADY, anchoring=0.25))
    assert fmean(answer == Submission("Soup", ACCEPTED) for answer in seen) == about(0.25)
    assert {answer.choice for answer in seen} == {"Rice", "Soup"}


def test_what_annotators_see_does_not_touch_blind_ones():
    assert {answer.choice for answer in answers("Rice", "", plan=replace(STEADY, anchoring=1))} == {"Rice"}


def test_some_tasks_are_skipped_and_some_cannot_be_told():
    blind = answers("Rice", "")
    assert fmean(answer.choice == "" for answer in blind) == about(0.03)
    assert fmean(answer.choice == CANNOT_TELL for answer in blind) == about(0.02)


def test_an_answer_says_where_it_comes_from_as_label_studio_does():
    assert {answer.origin for answer in answers("Rice", "", plan=STEADY)} == {MANUAL}
    assert {answer.origin for answer in answers("Rice", "Rice", plan=STEADY)} == {ACCEPTED}
    assert {answer.origin for answer in answers("Rice", "Soup", plan=STEADY)} == {CHANGED}


def test_a_picture_of_nothing_is_called_so():
    assert {answer.choice for answer in answers(NONE_OF_THESE, "Soup", plan=STEADY)} == {NONE_OF_THESE}
