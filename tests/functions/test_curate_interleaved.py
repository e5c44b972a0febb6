"""Curate workers paused between any two of their store calls, and killed there; a seed replays each case."""

from datetime import timedelta
from random import Random

import pytest

from feedloop import releases
from feedloop.domain import keys
from functions.curate.curator import Curator
from functions.curate.sweep import handle_event, sweep, to_document
from tests.support import world
from tests.support.interleaving import Worker, shuffle
from tests.support.seeds import seeds
from tests.support.world import CLASSES, NOON, annotation, commit, outcomes, pictures, prediction, write

QUEUE = keys.LOW_CONFIDENCE
CHOICES = [*CLASSES[:3], None, "None of these"]


class BusyDay:
    """One picture, annotators who save and delete at any time, and workers that each event wakes."""

    def __init__(self, seed: int) -> None:
        self.rng, self.clock = Random(seed), world.SettableClock()
        self.store = world.released_store(self.clock)
        self.classes = releases.class_list(self.store)
        self.made = commit(self.store, prediction(1))
        self.workers, self.saved, self.deleted, self.saves = [], {}, {}, 0

    def save(self):
        """An annotator saves, deletes or restores, and the store tells one or two workers."""
        name = self.rng.choice(["1", "2"])
        if name in self.saved and self.rng.random() < 0.2:
            self.store.delete(keys.output(QUEUE, name))
            del self.saved[name]
        elif name in self.deleted and name not in self.saved and self.rng.random() < 0.5:
            self.saved[name], body = self.deleted[name]
            write(self.store, QUEUE, name, body)
        else:
            self.saves += 1
            self.saved[name] = choice = self.rng.choice(CHOICES)
            at = NOON + timedelta(seconds=self.saves)
            body = annotation(self.store, self.made, choice, by=name, at=at)
            self.deleted[name] = choice, body
            write(self.store, QUEUE, name, body)
        for _ in range(self.rng.choice([1, 1, 2])):
            self.workers.append(Worker(self.store, lambda store: self.work(store, name)))

    def work(self, store, name):
        curator = Curator(store, self.classes, self.clock)
        if handle_event(curator, [keys.output(QUEUE, name)]).counts["vanished"]:
            sweep(curator, patience=timedelta(minutes=15))

    def sweep(self):
        return to_document(sweep(Curator(self.store, self.classes, self.clock), patience=timedelta(minutes=15)))

    def truth(self):
        """What the annotations that are there now say together: dataset keys and outcomes."""
        answers = [choice for choice in self.saved.values() if choice]
        if not answers:
            return [], ([f"skipped/{self.made.id}"] if self.saved else [])
        if len(set(answers)) > 1:
            return [], [f"disputed/{self.made.id}"]
        if answers[0] not in CLASSES:
            return [], [f"other/{self.made.id}"]
        return [f"class_{CLASSES.index(answers[0]):02d}/{self.made.id}.jpg"], []

    def shown(self):
        return pictures(self.store, QUEUE), outcomes(self.store, QUEUE)


def busy_day(seed: int, deaths: float) -> BusyDay:
    day = BusyDay(seed)
    for _ in range(day.rng.randint(2, 5)):
        day.save()
        for _ in range(day.rng.randint(0, 14)):
            if living := [worker for worker in day.workers if worker.alive]:
                day.rng.choice(living).step()
    shuffle(day.workers, day.rng, deaths=deaths)
    day.sweep()
    return day


@pytest.mark.parametrize("deaths", [0.0, 0.03, 0.2])
@pytest.mark.parametrize("seed", seeds(100, soak=3000))
def test_paused_and_killed_workers_leave_what_the_annotations_say(seed, deaths):
    day = busy_day(seed, deaths)
    assert day.shown() == day.truth()


@pytest.mark.parametrize("seed", seeds(20, soak=1000))
def test_a_second_sweep_finds_nothing_left_to_do(seed):
    day = busy_day(seed, 0.2)
    day.clock.pass_(hours=2)
    day.sweep()
    assert set(day.sweep().values()) == {0}


@pytest.mark.parametrize("seed", seeds(30, soak=1000))
def test_no_worker_fails_in_any_interleaving(seed):
    assert [worker.failure for worker in busy_day(seed, 0.0).workers if worker.failure] == []
