"""Brings Label Studio to what `desired` says, from wherever it is.

Nothing can be created only once there. So everybody creates what they miss, looks again, works with the
oldest, and deletes younger twins that hold nothing: two set-ups at once, or one that was killed anywhere
and is run again, arrive at the same end.
"""

from collections.abc import Callable

from label_studio_sdk.client import LabelStudio

from feedloop import annotation_choices, releases, reviews
from feedloop.domain import keys
from feedloop.domain.errors import AnnotationToolDown, AnnotationToolMisconfigured, Changed, ConfigRefused
from feedloop.domain.label_config import completed, label_config
from feedloop.ports import AnnotationTool, ObjectStore, Project
from feedloop.reviews import Births
from feedloop.settings import Settings
from labelling import desired
from labelling.client import reaching_the_store
from labelling.desired import Fields
from labelling.resources import Projects, Resource, Resources, Storages, Views, location_of

Say = Callable[[str], None]


def set_up(client: LabelStudio, tool: AnnotationTool, store: ObjectStore, settings: Settings, say: Say) -> None:
    """Make the three projects, or mend them, and note which they are: their titles may be edited.

    Raises AnnotationToolDown, AnnotationToolMisconfigured, Malformed, NoModel, StoreDown and StoreMisconfigured.
    """
    classes = releases.class_list(store)
    config, births = label_config(classes), dict(reviews.fetch_noted_projects(store))
    for queue in keys.REVIEW_QUEUES:
        project = _converge(
            projects(client, queue, births, settings),
            desired.project(queue, config),
            say,
            lambda present: {  # what a person calls it, and has made of its config, stays; our question has to be there
                "title": present.fields["title"],
                "label_config": completed(present.fields["label_config"] or "", classes),
            },
        )
        births[queue] = project.birth
        title = project.fields["title"]
        _follow(tool, next(one for one in tool.projects() if one.id == project.id), store, say)
        _equip(client, queue, project, settings, say)
        say(f"{title} is ready: {settings.label_studio_url}/projects/{project.id}")
    reviews.note_projects(store, births)


def _follow(tool: AnnotationTool, project: Project, store: ObjectStore, say: Say) -> None:
    """Bring its choices and pre-annotations up to date. Raises AnnotationToolMisconfigured."""
    try:
        done = annotation_choices.follow(tool, project, lambda: releases.class_list(store))
    except ConfigRefused as error:
        what = f"Label Studio does not take the choices of {project.title} ({error})"
        raise AnnotationToolMisconfigured(f"{what}: mend its label config, then run this again.") from error
    except Changed as error:
        raise AnnotationToolDown(f"Somebody edits {project.title} at this moment: run this again.") from error
    if done.choices:
        say(f"{project.title}: gave it the choices of today's classes")
    if done.pre_annotations:
        say(f"{project.title}: gave {done.pre_annotations} pre-annotations the present name of their class")


def projects(client: LabelStudio, queue: str, births: Births, settings: Settings) -> Projects:
    """The projects that may be the queue's."""
    return Projects(client, desired.target(queue, *_bucket(settings)), births.get(queue))


def _bucket(settings: Settings) -> tuple[str, str]:
    return settings.bucket_prefix + keys.LABELSTUDIO, settings.s3_region


def _equip(client: LabelStudio, queue: str, project: Resource, settings: Settings, say: Say) -> None:
    def say_where(line: str) -> None:
        say(f"{project.fields['title']}: {line}")

    bucket, region = _bucket(settings)
    source, target = desired.source(queue, bucket, region), desired.target(queue, bucket, region)
    with reaching_the_store(bucket):
        _converge(
            Storages(client.import_storage.s3, "source storage", project.id, location_of(source)), source, say_where
        )
        _converge(
            Storages(client.export_storage.s3, "target storage", project.id, location_of(target)), target, say_where
        )
    if not desired.is_blind(queue):
        _converge(Views(client, project.id), desired.view(), say_where)


def _converge(
    resources: Resources, fields: Fields, say: Say, own: Callable[[Resource], Fields] = lambda _: {}
) -> Resource:
    """The first resource listed by this title: made, mended, or as it was; `own` is what it is to have instead."""
    title = fields["title"]
    if not resources.listed(title):
        resources.create(fields)
        say(f"made the {resources.name} {title}")
    if not (listed := resources.listed(title)):
        raise AnnotationToolDown(f"Label Studio has made the {resources.name} {title} and lists none: run this again.")
    first, *twins = listed
    for twin in twins:
        _clear(resources, twin, fields, say)
    if changes := first.differing({**fields, **own(first)}):
        resources.update(first, changes)
        say(f"mended the {resources.name} {first.fields['title']}: {', '.join(changes)}")
    return first


def _clear(resources: Resources, twin: Resource, fields: Fields, say: Say) -> None:
    """Delete a twin that is just as a set-up makes it."""
    if twin.tasks or twin.differing(fields):
        say(f"a second {resources.name} {fields['title']}, number {twin.id}, is not used: rename it, or delete it")
        return
    resources.delete(twin)
    say(f"removed a second {resources.name} {fields['title']}, number {twin.id}")
