"""All review queues: first what is new goes to annotators, then what they did is compared with the store."""

from collections import Counter

from feedloop import log, releases, reviews
from feedloop.domain import keys
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document
from feedloop.domain.errors import AnnotationToolMisconfigured, Malformed, NoModel, StoreMisconfigured
from feedloop.domain.keys import ObjectRef
from feedloop.domain.review import TITLES
from feedloop.ports import AnnotationTool, ForEach, ObjectStore

from .import_ledger import was_imported
from .importing import FAILED, FORMER, KNOWN, NEW, Importer
from .repairing import REMOVED, REPAIRED, UNREADABLE, Repairer

COUNTS = (NEW, KNOWN, FAILED, REPAIRED, REMOVED, UNREADABLE)


def is_news(store: ObjectStore, ref: ObjectRef) -> bool:
    """Whether a task that is not in Label Studio yet may lie there; asks the store once."""
    for queue in keys.REVIEW_QUEUES:
        if ref.bucket == keys.LABELSTUDIO and ref.key.startswith(keys.tasks(queue).key):
            return not was_imported(store, queue, keys.read_task(queue, ref.key))
    return False


def sweep(
    store: ObjectStore, desk: AnnotationTool, *, thorough: bool = False, queues: ForEach = map, each: ForEach = map
) -> Document:
    """Bring every project up to date and say what was done. Raises Unavailable when store or desk are.

    A missing project does not keep the others waiting, nor does an error: those come after their turn.
    """
    classes, stopped = _classes(store), list[str]()
    projects = reviews.projects(desk.projects(), reviews.noted_projects(store))

    def one(queue: str) -> tuple[str, Counter[str] | Exception]:
        project = projects[queue]
        try:
            importer = Importer(store, desk, queue, project, each, classes)
            return queue, _sweep_queue(importer, stopped, thorough=thorough)
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
            raise AnnotationToolMisconfigured(
                f"The project {TITLES[queue]} is missing: run `python -m labelling setup`."
            )
    return {"projects": done, **({"stopped": stopped} if stopped else {})}


def _sweep_queue(importer: Importer, stopped: list[str], *, thorough: bool) -> Counter[str]:
    counts, queue = importer.bring(), importer.queue
    if counts[FORMER]:
        stopped.append(f"{queue}: {counts[FORMER]} tasks were imported into a project that is gone, and stay away.")
    repairer = Repairer(importer.store, importer.desk, queue, importer.project, importer.each, stopped)
    return counts + repairer.repair(thorough=thorough)


def _classes(store: ObjectStore) -> ClassList | None:
    """Today's names of the classes; None when no model is released, or our key does not open its papers yet."""
    try:
        return releases.class_list(store)
    except (NoModel, StoreMisconfigured, Malformed):
        return None
