"""All review queues: choices follow the classes, new tasks go to annotators, answers are compared with the store."""

from contextlib import suppress

from feedloop import log, releases, reviews
from feedloop.domain import keys
from feedloop.domain.documents import Document
from feedloop.domain.errors import AnnotationToolMisconfigured, Malformed, NoModel, StoreMisconfigured
from feedloop.domain.keys import ObjectRef
from feedloop.domain.review import TITLES
from feedloop.ports import AnnotationTool, ForEach, ObjectStore
from feedloop.sweeps import Tally

from .following import Follower
from .import_ledger import was_imported
from .importing import FAILED, KNOWN, NEW, Importer
from .repairing import REMOVED, REPAIRED, UNREADABLE, Repairer

COUNTS = (NEW, KNOWN, FAILED, REPAIRED, REMOVED, UNREADABLE)


def is_news(store: ObjectStore, ref: ObjectRef) -> bool:
    """Whether it may be a task that is not in Label Studio yet, or the classes may be others; one call of the store."""
    if ref in {keys.current_model(), keys.class_list()}:
        return True
    for queue in keys.REVIEW_QUEUES:
        if ref.bucket == keys.LABELSTUDIO and ref.key.startswith(keys.tasks(queue).key):
            return not was_imported(store, queue, keys.parse_task(queue, ref.key))
    return False


def sweep(
    store: ObjectStore,
    tool: AnnotationTool,
    *,
    thorough: bool = False,
    on_event: bool = False,
    queues: ForEach = map,
    each: ForEach = map,
) -> Document:
    """Bring every project up to date; what was done. Raises Unavailable when the store or Label Studio is.

    A `thorough` one compares again what was compared a moment ago; `on_event`, choices that nobody needs may stay. A
    missing project does not keep the others waiting, nor does an error: those come after their turn.
    """
    classes = None
    with suppress(NoModel, StoreMisconfigured, Malformed):  # nothing is released, or our key may not read the list yet
        classes = releases.class_list(store)
    projects = reviews.match_projects(tool.projects(), reviews.fetch_noted_projects(store))

    def sweep_queue(queue: str) -> Tally | Exception:
        try:
            followed = Follower(store, tool, queue, projects[queue]).follow(thorough=not on_event)
            imported = Importer(store, tool, queue, projects[queue], each, classes).bring()
            return followed + imported + Repairer(store, tool, queue, projects[queue], each).repair(thorough=thorough)
        except Exception as error:  # noqa: BLE001 - whatever it is, it comes after the others' turn
            return error

    present = [queue for queue in keys.REVIEW_QUEUES if queue in projects]
    done, stopped = dict[str, Document](), list[str]()
    for queue, result in zip(present, list(queues(sweep_queue, present)), strict=True):
        if isinstance(result, Exception):
            raise result
        done[queue] = {name: result.counts[name] for name in COUNTS}
        stopped += result.stopped
    log.event("sync.swept", **done, stopped=stopped)
    for queue in keys.REVIEW_QUEUES:
        if queue not in done:
            raise AnnotationToolMisconfigured(
                f"The project {TITLES[queue]} is missing: run `feedloop labelling setup`."
            )
    return {"projects": done, **({"stopped": stopped} if stopped else {})}
