"""Report and gate look at one store, whatever lies in it, and go by the same labels."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedloop import releases
from feedloop.adapters.memory import MemoryStore
from feedloop.domain import keys
from feedloop.domain.answers import OTHER
from feedloop.domain.clock import DayRange, day_of
from feedloop.domain.errors import AlreadyExists
from feedloop.evidence import human_labels
from functions.report.report import report
from tests.support import world
from tests.support.feedback import CANNOT_TELL, NONE_OF_THESE, SKIPPED, only_listed, visited, voted
from tests.support.world import CLASSES, NOON
from training.promotion import test_days

QUEUE, DAY, NOW = keys.RANDOM_SAMPLED, day_of(NOON), NOON + timedelta(days=1)
COUNT = len(CLASSES)


def outcome(store, made, kind):
    store.create(keys.outcome(QUEUE, kind, made.id), b"")


def foreign(store, made, name):
    store.create(keys.ObjectRef(keys.DATASETS[QUEUE], name.format(key=made.id.sample_key)), b"somebody else's")


def vote(store, made, said):
    voted(store, QUEUE, made, said)


def listed(store, made, index):
    only_listed(store, QUEUE, made, index)


EVENTS = st.one_of(
    st.tuples(st.just(vote), st.sampled_from([0, 1, 2, NONE_OF_THESE, CANNOT_TELL, SKIPPED, "withdrawn"])),
    st.tuples(st.just(listed), st.sampled_from([0, 1, 2, len(CLASSES)])),
    st.tuples(st.just(outcome), st.sampled_from(["other", "unclear", "uncommitted", "soup"])),
    st.tuples(st.just(foreign), st.sampled_from(["class_01/{key}.jpg", "class_01/x-{key}-00000.jpg"])),
)
"""What may have happened to a prediction: somebody answers, a picture is being moved, or lies there for no reason."""


@settings(deadline=None)
@example([[(vote, 1)], [(vote, 1), (listed, 2)], [(vote, 0), (outcome, "unclear")]])
@example([[(vote, 1)], [(outcome, "uncommitted")], [(vote, 0)]])
@example([[(vote, 1)], [(foreign, "class_01/{key}.jpg")], [(vote, 0)]])
@example([[(vote, 1)], [(outcome, "soup")], [(vote, 0)]])
@given(st.lists(st.lists(EVENTS, max_size=3), min_size=1, max_size=6))
def test_report_and_gate_go_by_the_same_labels(day):
    store = MemoryStore()
    world.release(store)
    for number, events in enumerate(day):
        made = visited(store, number % 2, confidence=0.9, sample_key=f"{number:032x}")
        for event, argument in events:
            with suppress(AlreadyExists):
                event(store, made, argument)
    assert gate(store) == reported(store)


def gate(store):
    """What the gate judges by: truth and prediction of each label, and how many labels say nothing."""
    labels = human_labels.fetch(store, classes=len(CLASSES))
    days = test_days.fetch_days(store, DayRange(DAY, DAY), labels, classes=len(CLASSES), now=NOW)
    return Counter((one.blind, one.predicted) for day in days for one in day.labelled), sum(day.silent for day in days)


def reported(store):
    """The same of a report; without a label neither counts any day."""
    classes = releases.class_list(store)
    told = report({"to": DAY, "days": "1"}, store=store, classes=classes, now=NOW, threshold=700)
    rows = [*enumerate(told["confusion"]["counts"]), (OTHER, told["confusion"]["none_of_these"])]
    labels = Counter({(truth, predicted): count for truth, row in rows for predicted, count in enumerate(row) if count})
    return labels, sum(told["accuracy"]["missing"].values()) if labels else 0
