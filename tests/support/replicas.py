"""Predict's replicas without a server: each follows the pointer in its own rhythm, in a time that nobody waits for."""

from collections.abc import Callable
from itertools import cycle

from feedloop import active_model, http, releases
from feedloop.active_model import ActiveModel
from feedloop.classifiers import load_classifier
from feedloop.domain.documents import Document
from feedloop.domain.errors import FeedloopError
from feedloop.ports import Classifier, ObjectStore
from feedloop.releases import Release
from functions.predict.inference import model_document
from training.promotion.rollout import Patience

_NOTHING = lambda: None  # noqa: E731 - what ends a thread that nobody started


class Replicas:
    """A gateway: who asks is answered by one replica after the other."""

    def __init__(self, store: ObjectStore, count: int = 2, load: Callable[[Release], Classifier] | None = None) -> None:
        self.time, self.sleeps = 0.0, 0
        self._load = load or (lambda release: load_classifier(releases.model_bytes(store, release), release.card))
        self._all = [ActiveModel(lambda: store, self._load, poll=lambda _: _NOTHING) for _ in range(count)]
        self._next = cycle(self._all)
        for one in self._all:
            one.refresh()

    def about(self) -> Document:
        """As predict answers a GET."""
        one = next(self._next)
        try:
            return model_document(one()[0], 700, one.refusal)
        except FeedloopError as error:
            return dict(http.problem_response(error, log_it=False)["body"])

    def sleep(self, seconds: float) -> None:
        """Time passes; one replica looks at the pointer at 2 s, the next at 3 s, and each every five seconds."""
        before, self.time, self.sleeps = self.time, self.time + seconds, self.sleeps + 1
        for number, one in enumerate(self._all):
            period, offset = active_model.POLL_SECONDS, 2 + number
            if (self.time - offset) // period > (before - offset) // period:
                one.refresh()

    @property
    def patience(self) -> Patience:
        """Whose time this is."""
        return Patience(clock=lambda: self.time, sleep=self.sleep)
