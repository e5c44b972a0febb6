"""How far the annotators are."""

from collections.abc import Iterator

from label_studio_sdk.client import LabelStudio

from feedloop.domain.review import TITLES
from feedloop.reviews import Births
from feedloop.settings import Settings
from labelling.setup import projects

_COUNTED = {
    "tasks": "task_number",
    "answered": "finished_task_number",
    "annotations": "total_annotations_number",
    "skipped": "skipped_annotations_number",
}


def lines(client: LabelStudio, births: Births, settings: Settings) -> Iterator[str]:
    """A line for each project."""
    for queue, title in TITLES.items():
        if listed := projects(client, queue, births, settings).listed(title):
            counts = ", ".join(f"{listed[0].fields[field]} {word}" for word, field in _COUNTED.items())
            yield f"{listed[0].fields['title']}: {counts}"
        else:
            yield f"{title} is missing: run feedloop labelling setup"
