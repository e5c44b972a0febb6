"""Brings Label Studio to what `wanted` says, from wherever it is.

Nothing can be created only once there. So everybody creates what they miss, looks again, works with the
oldest, and deletes younger twins that hold nothing: two set-ups at once, or one that was killed anywhere
and is run again, arrive at the same end.
"""

from collections.abc import Callable
from functools import partial

from label_studio_sdk.client import LabelStudio

from feedloop import reviews
from feedloop.domain import keys
from feedloop.domain.classes import ClassList
from feedloop.domain.errors import AnnotationToolDown
from feedloop.ports import ObjectStore
from feedloop.reviews import Births
from feedloop.settings import Settings
from labelling import desired
from labelling.client import reaching_the_store
from labelling.desired import Fields
from labelling.label_config import label_config, updated
from labelling.renaming import follow
from labelling.resources import Part, Parts, Projects, Storages, Views, place_of

Say = Callable[[str], None]


def set_up(desk: LabelStudio, classes: ClassList, store: ObjectStore, settings: Settings, say: Say) -> None:
    """Make the three projects, or mend them, and note which they are: their titles may be edited.

    Raises AnnotationToolDown, AnnotationToolMisconfigured, Malformed, StoreDown and StoreMisconfigured.
    """
    config, births = label_config(classes), dict(reviews.fetch_noted_projects(store))
    for queue in keys.REVIEW_QUEUES:
        project = _converge(
            projects(desk, queue, births, settings),
            desired.project(queue, config),
            say,
            lambda part: _own(part, classes),
        )
        births[queue] = project.birth
        title = project.fields["title"]
        if count := follow(desk, project.id, classes):
            say(f"{title}: gave {count} pre-annotations the present name of their class")
        _equip(desk, queue, project.id, settings, partial(_say_of, title, say))
        say(f"{title} is ready: {settings.label_studio_url}/projects/{project.id}")
    reviews.note_projects(store, births)


def projects(desk: LabelStudio, queue: str, births: Births, settings: Settings) -> Projects:
    """The projects that may be the queue's."""
    return Projects(desk, desired.target(queue, *_bucket(settings)), births.get(queue))


def _bucket(settings: Settings) -> tuple[str, str]:
    return settings.bucket_prefix + keys.LABELSTUDIO, settings.s3_region


def _equip(desk: LabelStudio, queue: str, project: int, settings: Settings, say: Say) -> None:
    bucket, region = _bucket(settings)
    source, target = desired.source(queue, bucket, region), desired.target(queue, bucket, region)
    with reaching_the_store(bucket):
        _converge(Storages(desk.import_storage.s3, "source storage", project, place_of(source)), source, say)
        _converge(Storages(desk.export_storage.s3, "target storage", project, place_of(target)), target, say)
    if not desired.is_blind(queue):
        _converge(Views(desk, project), desired.view(), say)


def _own(project: Part, classes: ClassList) -> Fields:
    """What a person calls a project, and has made of its config, stays; our question there is kept up to date."""
    return {
        "title": project.fields["title"],
        "label_config": updated(project.fields["label_config"] or "", classes),
    }


def _converge(parts: Parts, fields: Fields, say: Say, own: Callable[[Part], Fields] = lambda _: {}) -> Part:
    """The first part that is listed by this title: made, mended, or as it was; `own` is what it is to have instead."""
    title = fields["title"]
    if not parts.listed(title):
        parts.create(fields)
        say(f"made the {parts.name} {title}")
    first, *twins = _there(parts, title)
    for twin in twins:
        _clear(parts, twin, fields, say)
    if changes := first.differing({**fields, **own(first)}):
        parts.update(first, changes)
        say(f"mended the {parts.name} {first.fields['title']}: {', '.join(changes)}")
    return first


def _there(parts: Parts, title: str) -> list[Part]:
    if found := parts.listed(title):
        return found
    raise AnnotationToolDown(f"Label Studio has made the {parts.name} {title} and does not list it: run this again.")


def _clear(parts: Parts, twin: Part, fields: Fields, say: Say) -> None:
    """Delete a twin that is just as a set-up makes it."""
    if twin.tasks or twin.differing(fields):
        say(f"a second {parts.name} {fields['title']}, number {twin.id}, is not used: rename it, or delete it")
        return
    parts.delete(twin)
    say(f"removed a second {parts.name} {fields['title']}, number {twin.id}")


def _say_of(title: str, say: Say, line: str) -> None:
    say(f"{title}: {line}")
