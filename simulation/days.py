"""One day of the simulation: visitors, and then the night's crons and the annotators' work, in their order of time."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import timedelta

from feedloop.adapters.clock_file import ClockFile
from feedloop.domain import keys
from feedloop.domain.clock import time_of
from feedloop.domain.documents import Document, load
from feedloop.domain.errors import Malformed, Missing, Unavailable, WrongSetting
from feedloop.ports import ObjectStore
from local.cron import next_calls
from simulation.annotation_queue import AnnotationQueue, Annotators
from simulation.journal import Journal
from simulation.site import Site
from simulation.truth import Truth
from simulation.visitors import Visitors
from training.data.drawings import CLASSES

OnProgress = Callable[[int, int], None]
"""Called with how many are done, of how many."""
ShowProgress = Callable[[str], AbstractContextManager[OnProgress]]
"""Shows at the terminal what is being done; called back with how far it is."""

_ATTEMPTS, _PAUSE = 1000, 1.0  # longer than the lease of a run that was killed
_NIGHT, _MORNING, _WORKED = 5, 50, 80  # minutes after midnight: between the last two annotators work


@dataclass(frozen=True, slots=True)
class World:
    """All that a day needs."""

    journal: Journal
    site: Site
    store: ObjectStore
    clock: ClockFile
    truth: Truth
    visitors: Visitors
    annotators: Annotators
    annotation_queue: AnnotationQueue
    schedules: Mapping[str, str]
    show_progress: ShowProgress

    def simulate_day(self, day: int, *, settle: bool) -> Counter[str]:
        """Simulate one day and the night after it; how many answers annotators gave.

        Where annotators cannot work yet they catch up on a later day; `settle`: wait until all is answered.
        Done twice, it does nothing new. Raises Unavailable, and WrongSetting when others use the store too.
        """
        date, uploads = self.journal.date(day), self.journal.plan.uploads(day)
        with self.show_progress(f"day {day + 1}: visitors") as on_progress:
            for come in self.visitors.upload_day(day, date):
                on_progress(come, uploads)
        check(self.store, self.truth, date)
        self._crons(day, _NIGHT, _MORNING)
        answers = self._answers(day, wait=settle)
        self._crons(day, _MORNING, _WORKED)
        return answers

    def _answers(self, day: int, *, wait: bool) -> Counter[str]:
        """Annotators work, if they can; `wait`: until they can, and until nothing is left for them."""
        with self.show_progress(f"day {day + 1}: annotators") as on_progress:
            if not wait:
                ready = self.annotation_queue.is_open()
                return self.annotators.work(self.annotation_queue, on_progress) if ready else Counter()
            while not self.annotation_queue.is_open():
                time.sleep(_PAUSE)
            done = Counter[str]()
            while new := self._sync_and_answer(on_progress):
                done += new
            return done

    def _sync_and_answer(self, on_progress: OnProgress) -> Counter[str]:
        """Bring what came while nobody was there."""
        self._call("sync")
        return self.annotators.work(self.annotation_queue, on_progress)

    def _crons(self, day: int, first: int, last: int) -> None:
        """All that is due in these minutes of the night after a day, at its moment."""
        midnight = time_of(self.journal.date(day + 1), 0)
        moment, names = next_calls(self.schedules, midnight + timedelta(minutes=first))
        while moment < midnight + timedelta(minutes=last):
            self.clock.set(moment)
            for name in names if self.annotation_queue.is_open() else set(names) - {"sync"}:  # it finds nobody yet
                with self.show_progress(f"day {day + 1}: {name}"):
                    self._call(name)
            moment, names = next_calls(self.schedules, moment)

    def _call(self, function: str) -> Document:
        """What cron does. A run that is under way promises to look again: until it has, its lease is watched.

        Calling again instead would have it look again and again. Raises Unavailable.
        """
        answer = self.site.cron(function)
        if "under way" in answer.get("status", ""):
            self._wait_for(function)
        return answer

    def _wait_for(self, function: str) -> None:
        for _ in range(_ATTEMPTS):
            with suppress(Missing):
                if load(self.store.get(keys.lease(function)).body)["state"] == "done":
                    return
            time.sleep(_PAUSE)
        raise Unavailable(f"A run of {function} never ends: logs/system.log in the data directory says more.")


def check(store: ObjectStore, truth: Truth, date: str) -> None:
    """Raises WrongSetting when the store holds predictions of a day that we know nothing of."""
    strange = []
    for index in range(len(CLASSES)):
        for entry in store.list(keys.production_day(index, date)):
            with suppress(Malformed):  # it was never a prediction
                if (name := str(keys.parse_production(entry.key))) not in truth:
                    strange.append(name)
    if strange:
        raise WrongSetting(
            f"{len(strange)} predictions of {date} are somebody else's, for example {strange[0]}: nobody knows what"
            " they show. Choose another DATA_DIR, and leave the website alone while days pass."
        )
