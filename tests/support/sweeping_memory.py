"""A program: sweep a store as a function does, print the most memory held in MiB.

python -m tests.support.sweeping_memory curate|sync|report ENDPOINT ACCESS_KEY SECRET_KEY PREFIX
"""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

from feedloop import releases
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.review import TITLES
from functions.curate.curator import Curator
from functions.curate.sweep import sweep as curate
from functions.report.report import report
from functions.sync.sweep import sweep as sync
from tests.support.memory_annotation_tool import MemoryAnnotationTool
from tests.support.memory_peak import peak

WORKERS, AT_ONCE = 4, 8
"""As SWEEP_WORKERS has it where nobody sets it, and as report reads."""
ANSWERS = 40
"""Sync compares so many annotations with files that bear their ids."""


def now() -> datetime:
    return datetime.now(UTC)


def tool() -> MemoryAnnotationTool:
    """One where each of these annotations is newer than its file can tell."""
    made = MemoryAnnotationTool(clock=now)
    (project,) = (one for one in made.projects() if one.title == TITLES[keys.LOW_CONFIDENCE])
    (task,) = made.add(project, [{"data": {"image": "s3://labelstudio/images/x.jpg"}}])
    for _ in range(ANSWERS):
        made.annotate(task, "Egg")
    return made


def main(function: str, endpoint: str, access_key: str, secret_key: str, prefix: str) -> None:
    store = S3Store(endpoint=endpoint, access_key=access_key, secret_key=secret_key, prefix=prefix, read_timeout=60)
    classes = releases.class_list(store)
    with ThreadPoolExecutor(AT_ONCE if function == "report" else WORKERS) as pool:
        runs: dict[str, Callable[[], object]] = {
            "curate": partial(curate, Curator(store, classes, now), each=pool.map, patience=timedelta(0)),
            "sync": partial(sync, store, tool(), thorough=True, each=pool.map),
            "report": partial(report, {}, store=store, classes=classes, now=now(), threshold=700, for_each=pool.map),
        }
        runs[function]()
    print(peak())


if __name__ == "__main__":
    main(*sys.argv[1:])
