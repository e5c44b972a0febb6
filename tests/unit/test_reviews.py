"""Which of Label Studio's projects is a queue's, whatever people call it."""

from datetime import timedelta

import pytest

from feedloop import reviews
from feedloop.domain import keys
from feedloop.domain.errors import StoreMisconfigured
from feedloop.domain.review import TITLES
from feedloop.ports import Project
from tests.support.world import NOON

QUEUE = keys.LOW_CONFIDENCE
TITLE = TITLES[QUEUE]
LATER = NOON + timedelta(days=1)


def project(id_, title=TITLE, created=NOON):
    return Project(id_, title, created, annotations=0, as_of=NOON)


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ([project(4, "Lunch, unsure ones")], 4),
        ([project(3), project(4, "Lunch, unsure ones"), project(5)], 4),
        ([project(4, created=LATER), project(5)], 4),
        ([project(3, "Lunch"), project(4, "Another's", LATER), project(5), project(6)], 5),
        ([project(4, "Another's", LATER)], None),
        ([], None),
    ],
    ids=["another title", "twins", "set up anew", "id given away", "gone", "nothing"],
)
def test_the_noted_project_counts_and_without_it_the_oldest_of_the_title(there, found):
    chosen = reviews.match_projects(there, {QUEUE: (4, NOON)}).get(QUEUE)
    assert (chosen.id if chosen else None) == found


def test_without_a_note_titles_tell():
    there = [project(number, title) for number, title in enumerate(TITLES.values())]
    assert {queue: found.id for queue, found in reviews.match_projects(there, {}).items()} == dict(
        zip(TITLES, range(3), strict=True)
    )


def test_what_was_noted_is_known_and_can_be_noted_anew(memory_store):
    for births in ({QUEUE: (4, NOON)}, {QUEUE: (5, LATER), keys.USER_FEEDBACK: (6, LATER)}):
        reviews.note_projects(memory_store, births)
        reviews.note_projects(memory_store, births)
        assert reviews.fetch_noted_projects(memory_store) == births


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"projects":[]}', b'{"projects":{"lowconfidence":{"id":"x"}}}'])
def test_a_damaged_note_is_none_and_is_mended(memory_store, body):
    memory_store.create(keys.projects(), body)
    assert reviews.fetch_noted_projects(memory_store) == {}
    reviews.note_projects(memory_store, {QUEUE: (4, NOON)})
    assert reviews.fetch_noted_projects(memory_store) == {QUEUE: (4, NOON)}


def test_a_note_that_an_older_key_does_not_open_is_none(memory_store, monkeypatch):
    def refuse(*_args, **_how):
        raise StoreMisconfigured("AccessDenied")

    monkeypatch.setattr(memory_store, "get", refuse)
    assert reviews.fetch_noted_projects(memory_store) == {}
