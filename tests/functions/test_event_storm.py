"""Hundreds of saves, skips and deletions; events twice, late, shuffled or never; workers paused between store calls.

A plain dict says what is right: after one sweep the datasets and outcomes must say the same.
"""

from collections import defaultdict
from datetime import timedelta
from random import Random

import pytest

from feedloop import releases, sweeps
from feedloop.domain import keys
from feedloop.sweeps import Lease
from functions.curate.curator import Curator
from functions.curate.sweep import VANISHED, handle_event, sweep, to_document
from tests.support import world
from tests.support.interleaving import Worker
from tests.support.seeds import seeds
from tests.support.world import CLASSES, annotation, commit, outcomes, pictures, prediction, write

CHANGES, PICTURES, ANNOTATORS, AWAKE = 500, 20, 3, 6
DROPPED = 0.02
QUEUES = (keys.LOW_CONFIDENCE, keys.USER_FEEDBACK)
CHOICES = [*CLASSES[:2] * 3, *CLASSES[2:4], None, "None of these", "Can't tell"]
OUTCOME = {"None of these": "other", "Can't tell": "unclear"}
PATIENCE = timedelta(minutes=15)


class Storm:
    """Annotators, the events that their saves cause, and the workers that events wake."""

    def __init__(self, seed: int) -> None:
        self.rng, self.clock = Random(seed), world.SettableClock()
        self.store = world.released_store(self.clock)
        self.classes = releases.class_list(self.store)
        self.made = [commit(self.store, prediction(1)) for _ in range(PICTURES)]
        self.truth: dict[tuple[str, str], tuple[int, int, str | None]] = {}
        self.events: list[keys.ObjectRef] = []
        self.workers: list[Worker] = []

    def change(self) -> None:
        """Somebody saves, changes, skips or deletes an annotation; its event may come three times, or never."""
        self.clock.pass_(minutes=1)
        queue, which, who = self.rng.choice(QUEUES), self.rng.randrange(PICTURES), self.rng.randrange(ANNOTATORS)
        name = f"{which * ANNOTATORS + who + 1}"
        if (queue, name) in self.truth and self.rng.random() < 0.06:
            del self.truth[queue, name]
            self.store.delete(keys.output(queue, name))
        else:
            self.truth[queue, name] = which, who, (choice := self.rng.choice(CHOICES))
            write(self.store, queue, name, annotation(self.store, self.made[which], choice, by=who, at=self.clock()))
        if self.rng.random() >= DROPPED:
            self.events += [keys.output(queue, name)] * self.rng.randint(1, 3)

    def move(self) -> None:
        """An event wakes a worker, or a worker does its next store call."""
        self.workers = [worker for worker in self.workers if worker.alive]
        if self.events and len(self.workers) < AWAKE:
            event = self.events.pop(self.rng.randrange(len(self.events)))
            self.workers.append(Worker(self.store, lambda store: self.work(store, event)))
        elif self.workers:
            self.rng.choice(self.workers).step()

    def work(self, store, event) -> None:
        curator = Curator(store, self.classes, self.clock)
        if handle_event(curator, [event]).counts[VANISHED]:
            sweeps.alone(store, "curate", lambda: self.sweep(store), lease=Lease(PATIENCE), pause=lambda _: None)

    def sweep(self, store) -> dict[str, object]:
        return to_document(sweep(Curator(store, self.classes, self.clock), patience=PATIENCE))

    def right(self, queue: str) -> tuple[list[str], list[str]]:
        """Dataset keys and outcomes, from the dict alone."""
        answers = defaultdict(list)
        for (ref, _), (which, _, choice) in self.truth.items():
            if ref == queue:
                answers[which].append(choice)
        shown = [(agreed(given), str(self.made[which].id)) for which, given in answers.items()]
        in_class = [f"class_{CLASSES.index(name):02d}/{made}.jpg" for name, made in shown if name in CLASSES]
        return sorted(in_class), sorted(f"{name}/{made}" for name, made in shown if name not in CLASSES)


def agreed(given: list[str | None]) -> str:
    """A class, or an outcome: what more than half of those who did not skip say."""
    said = [choice for choice in given if choice is not None]
    if not said:
        return "skipped"
    most = max(said, key=said.count)
    return OUTCOME.get(most, most) if said.count(most) * 2 > len(said) else "disputed"


@pytest.mark.parametrize("seed", seeds(2, soak=100))
def test_after_the_storm_one_sweep_makes_all_say_what_the_annotations_say(seed):
    storm = Storm(seed)
    for _ in range(CHANGES):
        storm.change()
        for _ in range(storm.rng.randint(0, 40)):
            storm.move()
    while storm.events or storm.workers:
        storm.move()
    storm.clock.pass_(hours=2)
    assert "stopped" not in storm.sweep(storm.store)
    for queue in QUEUES:
        assert (sorted(pictures(storm.store, queue)), sorted(outcomes(storm.store, queue))) == storm.right(queue)
