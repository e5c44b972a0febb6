"""How far the annotators are."""

from collections.abc import Iterator

from label_studio_sdk.client import LabelStudio

from feedloop.domain.review import TITLES
from labelling.parts import Projects

_COUNTED = {
    "tasks": "task_number",
    "answered": "finished_task_number",
    "annotations": "total_annotations_number",
    "skipped": "skipped_annotations_number",
}


def lines(desk: LabelStudio) -> Iterator[str]:
    """A line for each project."""
    for title in TITLES.values():
        found = Projects(desk).listed(title)
        counts = ", ".join(f"{found[0].fields[field]} {word}" for word, field in _COUNTED.items()) if found else ""
        yield f"{title}: {counts}" if counts else f"{title} is missing: run python -m labelling setup"
