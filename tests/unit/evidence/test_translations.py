from datetime import timedelta

from feedloop.adapters.memory import MemoryStore
from feedloop.evidence import evidence, human_labels
from functions.report import closing
from tests.support import world
from tests.support.world import CLASSES, NOON, SettableClock

DAY, LATER = "20261122", NOON + timedelta(days=2)
OTHER = "7" * 64


def days(store):
    labels = human_labels.fetch(store, classes=len(CLASSES))
    swapped = {OTHER[:8]: (1, 0)}
    return evidence.fetch(store, [DAY], labels, classes=len(CLASSES), now=LATER, translations=swapped)


def test_classes_of_another_list_are_translated_from_listings_and_from_the_days_file_alike():
    store = MemoryStore(clock=SettableClock())
    made = [world.commit(store, world.prediction(index, model=OTHER)) for index in (0, 0, 1, 2)]
    made.append(world.commit(store, world.prediction(0)))
    for one in made:
        world.queue_task(store, one, "randomsampled")
    (listed,) = days(store)
    closing.close(store, classes=len(CLASSES), now=LATER)
    (filed,) = days(store)
    assert (listed.filed, filed.filed, listed.counts) == (False, True, filed.counts)
    counts = {(cell.model == OTHER[:8], cell.predicted): count for cell, count in listed.counts.cells.items()}
    assert counts == {(True, 0): 1, (True, 1): 2, (True, 2): 1, (False, 0): 1}
    assert {one.id for one in filed.observations} == {one.id for one in made}, "an id stays what the key says"
    meant = {one.id: one.predicted for one in filed.observations}
    assert [meant[one.id] for one in made] == [1, 1, 0, 2, 0]
