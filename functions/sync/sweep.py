"""All review queues: first what is new goes to annotators, then what they did is compared with the store."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from feedloop import log, reviews
from feedloop.domain import keys
from feedloop.domain.documents import Document
from feedloop.domain.errors import DeskMisconfigured
from feedloop.domain.keys import Place
from feedloop.domain.review import TITLES
from feedloop.ports import ObjectStore, Project, ReviewDesk

from .claims import was_imported
from .importing import FAILED, FORMER, KNOWN, NEW, Importer
from .repairing import REMOVED, REPAIRED, UNREADABLE, Repairer

COUNTS = (NEW, KNOWN, FAILED, REPAIRED, REMOVED, UNREADABLE)

Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Does one thing for each of many: `map`, or a thread pool's."""


def is_news(store: ObjectStore, place: Place) -> bool:
    """Whether a task that is not in Label Studio yet may lie there; asks the store once."""
    for queue in keys.REVIEW_QUEUES:
        if place.bucket == keys.LABELSTUDIO and place.key.startswith(keys.tasks(queue).key):
            return not was_imported(store, queue, keys.read_task(queue, place.key))
    return False


def sweep(
    store: ObjectStore, desk: ReviewDesk, *, thorough: bool = False, queues: Each = map, each: Each = map
) -> Document:
    """Bring every project up to date and say what was done. Raises Unavailable when store or desk are.

    A missing project does not keep the others waiting, nor does an error: those come after their turn.
    """
    projects, stopped = reviews.projects(desk.projects(), reviews.noted_projects(store)), list[str]()

    def one(queue: str) -> tuple[str, Counter[str] | Exception]:
        project = projects[queue]
        try:
            return queue, _sweep_queue(store, desk, queue, project, stopped, each=each, thorough=thorough)
        except Exception as error:  # noqa: BLE001 - whatever it is, it comes after the others' turn
            return queue, error

    present = [queue for queue in keys.REVIEW_QUEUES if queue in projects]
    done = dict[str, Document]()
    for queue, came in list(queues(one, present)):
        if isinstance(came, Exception):
            raise came
        done[queue] = {name: came[name] for name in COUNTS}
    log.event("sync.swept", **done, stopped=stopped)
    for queue in keys.REVIEW_QUEUES:
        if queue not in done:
            raise DeskMisconfigured(f"The project {TITLES[queue]} is missing: run `python -m labelling setup`.")
    return {"projects": done, **({"stopped": stopped} if stopped else {})}


def _sweep_queue(
    store: ObjectStore,
    desk: ReviewDesk,
    queue: str,
    project: Project,
    stopped: list[str],
    *,
    each: Each,
    thorough: bool,
) -> Counter[str]:
    counts = Importer(store, desk, queue, project, each).bring()
    if counts[FORMER]:
        stopped.append(f"{queue}: {counts[FORMER]} tasks were imported into a project that is gone, and stay away.")
    return counts + Repairer(store, desk, queue, project, each, stopped).repair(thorough=thorough)
