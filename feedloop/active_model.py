"""The model that a replica serves: loaded at the first picture, replaced while requests go on.

A request takes a reference to what serves and finishes with it. A thread looks at the
pointer every few seconds, loads what it points to, tries it, and only then moves the
reference: nobody waits for a load but the first, and a release that cannot be served
changes nothing except a line in the log (docs/decisions/0005-serving.md).
"""

from collections.abc import Callable
from contextvars import copy_context
from threading import Event, Lock, Thread

from feedloop import log, releases
from feedloop.domain.errors import FeedloopError, NoModel
from feedloop.ports import Classifier, ObjectStore
from feedloop.releases import Release

LOOK_SECONDS = 5.0
"""Between two looks at the pointer; a move is to be seen within ten."""

Served = tuple[Release, Classifier]
Load = Callable[[Release], Classifier]
Watch = Callable[[Callable[[], None]], Callable[[], None]]
"""Calls a look again and again, and returns what ends that."""


def every_few_seconds(look: Callable[[], None]) -> Callable[[], None]:
    """Look from a thread that ends with the process, or when it is told to; with the keys of who called first."""
    ended = Event()

    def run() -> None:
        while not ended.wait(LOOK_SECONDS):
            look()

    def end() -> None:
        ended.set()
        thread.join()

    thread = Thread(target=copy_context().run, args=(run,), name="model pointer", daemon=True)
    thread.start()
    return end


class ActiveModel:
    """Calling it gives the current release and its classifier. Safe for any number of threads."""

    def __init__(self, store: Callable[[], ObjectStore], load: Load, *, watch: Watch = every_few_seconds) -> None:
        self._store, self._load, self._watch = store, load, watch
        self.begin()

    def __call__(self) -> Served:
        """What serves now; the first call loads it. Raises Unavailable, most often NoModel."""
        return self._serving or self._first()

    def look(self) -> None:
        """Serve what the pointer names, if it is another release and can be served."""
        with self._loading:
            self._look()

    def begin(self) -> None:
        """Be a new replica: also what a forked child must do, which has none of its parent's threads."""
        self._loading = Lock()
        self._serving: Served | None = None
        self._end_watch: Callable[[], None] | None = None
        self._failure: FeedloopError = NoModel(releases.NONE)
        self._looks, self._told = 0, ""

    def cache_clear(self) -> None:
        """End the thread and begin anew; named as for every other choice of wiring."""
        if self._end_watch:
            self._end_watch()
        self.begin()

    def _first(self) -> Served:
        """Who waits while another call loads shares its outcome instead of loading again."""
        seen = self._looks
        with self._loading:
            if not self._serving and seen == self._looks:
                self._look()
            if not self._serving:
                raise self._failure.with_traceback(None)
            self._end_watch = self._end_watch or self._watch(self.look)
            return self._serving

    def _look(self) -> None:
        wanted = ""
        try:
            name, wanted = releases.pointed_to(self._store())
            self._serve(releases.fetch_release(self._store(), name, wanted))
        except FeedloopError as error:
            self._refuse(wanted, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, what serves goes on serving, and it is told
            self._refuse(wanted, NoModel(f"The model cannot be loaded: {error!r}."))
        finally:
            self._looks += 1

    def _serve(self, release: Release) -> None:
        serving = self._serving
        if serving and serving[0].card == release.card:
            self._serving = release, serving[1]  # at most a class has another name now
        else:
            self._serving = release, self._load(release)
            name, version = release.card.name, release.card.version
            log.event("model.served", model=name, version=version, instead_of=_version(serving))
        self._told = ""

    def _refuse(self, wanted: str, error: FeedloopError) -> None:
        """Tell it once, not at every look; that nothing is released yet is no refusal."""
        self._failure = error
        kind = type(error).__name__
        nothing_yet = str(error) == releases.NONE and not self._serving
        if self._told != (told := f"{wanted} {kind}") and not nothing_yet:
            serving = _version(self._serving)
            log.event("model.refused", version=wanted[:8], kind=kind, why=str(error), serving=serving)
        self._told = told


def _version(served: Served | None) -> str:
    return served[0].card.version if served else ""
