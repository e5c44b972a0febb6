"""A set-up that is killed, and two at once."""

import pytest

from feedloop.domain.review import TITLES

pytestmark = [pytest.mark.store, pytest.mark.xdist_group("labelling")]
_PROJECT, _SOURCE, _TARGET, _PROJECT_2, _SOURCE_2, _TARGET_2, _VIEW = range(1, 8)
_WRITES = 11


def parts(deployment):
    """How many of everything there is, by the title of its project."""
    found = [(project["title"], project["id"]) for project in deployment.annotator.projects()]
    storages = {title: deployment.annotator.storages(number) for title, number in found}
    views = {title: len(deployment.annotator.views(number)) for title, number in found}
    return sorted((t, len(storages[t]["source"]), len(storages[t]["target"]), views[t]) for t, _ in found)


WHOLE = sorted((title, 1, 1, 0 if title.startswith("Random") else 1) for title in TITLES.values())


@pytest.mark.slow("seven set-ups")
@pytest.mark.parametrize("kills", [[1] * 6, [6, *[1] * 5]], ids=["the first half", "the second half"])
def test_killed_after_every_write_and_run_again_it_ends_the_same(deployment, kills):
    assert {deployment.operator.run("setup", kill_at=kill).code for kill in kills} == {-9}
    assert deployment.operator.run("setup", kill_at=_WRITES - sum(kills) + 1).code == 0
    assert parts(deployment) == WHOLE


@pytest.mark.slow("two set-ups, one of them held")
@pytest.mark.parametrize("write", [_PROJECT, _SOURCE, _TARGET, _VIEW], ids=["project", "source", "target", "view"])
def test_held_before_a_write_until_another_run_has_ended_it_leaves_no_twin(deployment, write):
    assert deployment.operator.run("setup", hold_at=write).code == 0
    assert parts(deployment) == WHOLE
