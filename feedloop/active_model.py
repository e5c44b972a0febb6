"""The model that a replica serves: loaded at the first picture, replaced while requests go on.

A request takes a reference to what serves and finishes with it. A thread looks at the
pointer every few seconds, loads what it names, tries it, and only then moves the
reference: nobody waits for a load but the first, and a release that cannot be served
changes nothing except a line in the log (docs/decisions/0005-serving.md).
"""

from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from threading import Event, Lock, Thread

from feedloop import log, releases
from feedloop.domain.cards import version_of
from feedloop.domain.errors import FeedloopError, NoModel
from feedloop.ports import Classifier, ObjectStore
from feedloop.releases import Release

POLL_SECONDS = 5.0
"""Between two reads of the pointer; a replica follows it within ten."""

LoadedModel = tuple[Release, Classifier]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A release that the pointer names and that cannot be served, by its version, and the reason."""

    version: str
    why: str


Load = Callable[[Release], Classifier]
Poll = Callable[[Callable[[], None]], Callable[[], None]]
"""Calls a refresh again and again, and returns what ends that."""


def poll_in_thread(refresh: Callable[[], None]) -> Callable[[], None]:
    """Refresh every POLL_SECONDS in a thread that ends with the process, or by what is returned.

    It has the context, and so the keys to the store, of the call that started it.
    """
    ended = Event()

    def run() -> None:
        while not ended.wait(POLL_SECONDS):
            refresh()

    def end() -> None:
        ended.set()
        thread.join()

    thread = Thread(target=copy_context().run, args=(run,), name="model pointer", daemon=True)
    thread.start()
    return end


class ActiveModel:
    """Calling it gives the current release and its classifier. Safe for any number of threads."""

    def __init__(self, store: Callable[[], ObjectStore], load: Load, *, poll: Poll = poll_in_thread) -> None:
        self._store, self._load, self._poll = store, load, poll
        self.reset()

    def __call__(self) -> LoadedModel:
        """What serves now; the first call loads it. Raises Unavailable, most often NoModel."""
        return self._active or self._load_first()

    @property
    def refusal(self) -> Refusal | None:
        """What the pointer named at the last look, where another model serves because that one cannot."""
        return self._refusal

    def refresh(self) -> None:
        """Activate what the pointer names, if it is another release and can be served; log a refusal."""
        with self._loading:
            self._refresh()

    def reset(self) -> None:
        """Forget the model, as a forked child must, which has none of its parent's threads."""
        self._loading = Lock()
        self._active: LoadedModel | None = None
        self._end_poll: Callable[[], None] | None = None
        self._failure: FeedloopError = NoModel(releases.NONE)
        self._refusal: Refusal | None = None
        self._attempts, self._logged = 0, ""

    def cache_clear(self) -> None:
        """End the thread and reset; named as for every other choice of wiring."""
        if self._end_poll:
            self._end_poll()
        self.reset()

    def _load_first(self) -> LoadedModel:
        """Who waits while another call loads shares its outcome instead of loading again."""
        attempts = self._attempts
        with self._loading:
            if not self._active and attempts == self._attempts:
                self._refresh()
            if not self._active:
                raise self._failure.with_traceback(None)
            self._end_poll = self._end_poll or self._poll(self.refresh)
            return self._active

    def _refresh(self) -> None:
        wanted = ""
        try:
            name, wanted = releases.pointed_to(self._store())
            self._activate(releases.fetch_release(self._store(), name, wanted))
        except FeedloopError as error:
            self._refuse(wanted, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the active model goes on serving, and the log says so
            self._refuse(wanted, NoModel(f"The model cannot be loaded: {error!r}."))
        finally:
            self._attempts += 1

    def _activate(self, release: Release) -> None:
        active = self._active
        if active and active[0].card == release.card:
            self._active = release, active[1]  # at most a class has another name now
        else:
            self._active = release, self._load(release)
            name, version = release.card.name, release.card.version
            log.event("model.served", model=name, version=version, instead_of=_version(active))
        self._refusal, self._logged = None, ""

    def _refuse(self, wanted: str, error: FeedloopError) -> None:
        """Log it once, not at every poll; that nothing is released yet is no refusal."""
        self._failure = error
        if wanted and isinstance(error, NoModel):  # a store that is down refuses nothing
            self._refusal = Refusal(version_of(wanted), str(error))
        kind = type(error).__name__
        nothing_yet = str(error) == releases.NONE and not self._active
        refusal = f"{wanted} {kind}"
        if self._logged != refusal and not nothing_yet:
            active = _version(self._active)
            log.event("model.refused", version=version_of(wanted), kind=kind, why=str(error), serving=active)
        self._logged = refusal


def _version(model: LoadedModel | None) -> str:
    return model[0].card.version if model else ""
