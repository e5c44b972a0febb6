"""Annotators' choices follow the classes, after a release, a renaming or a retirement: feedloop/annotation_choices.py.

What keeps a project's choices from that keeps nothing else waiting. A config without our question is a person's own
affair: it is told once, and again when it is another one.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass

from feedloop import annotation_choices, log, releases
from feedloop.domain import keys
from feedloop.domain.documents import dump
from feedloop.domain.errors import (
    AlreadyExists,
    Changed,
    ConfigRefused,
    Malformed,
    Missing,
    NoModel,
    StoreMisconfigured,
)
from feedloop.ports import AnnotationTool, ObjectStore, Project
from feedloop.sweeps import Tally

_LARGEST = 1000  # bytes of a notice; ours have 100


@dataclass(frozen=True, slots=True)
class Follower:
    """Keeps the choices of one queue's project up to date."""

    store: ObjectStore
    tool: AnnotationTool
    queue: str
    project: Project

    def follow(self, *, thorough: bool) -> Tally:
        """Bring them up to date; what an operator has to mend. Raises Unavailable."""
        try:
            done = annotation_choices.follow(
                self.tool, self.project, lambda: releases.class_list(self.store), thorough=thorough
            )
        except (NoModel, StoreMisconfigured):  # nothing is released, or our key may not read the classes yet
            return Tally()
        except Malformed as error:
            return self._reported_once(str(error))
        except ConfigRefused as error:
            log.event("sync.choices_refused", queue=self.queue, why=str(error))
            return self._stopped(f"Label Studio does not take its new choices, and keeps the old ones: {error}")
        except Changed:  # somebody edits it, or another worker was faster: the next sweep looks again
            log.event("sync.choices_overtaken", queue=self.queue)
            return Tally()
        if done.choices or done.pre_annotations:
            log.event("sync.choices", queue=self.queue, changed=done.choices, pre_annotations=done.pre_annotations)
        return Tally()

    def _reported_once(self, reason: str) -> Tally:
        """A sentence, unless it was told of this very config."""
        config = hashlib.sha256(f"{reason} {self.tool.label_config(self.project)}".encode()).hexdigest()
        ref, notice = keys.notice(self.queue), dump({"v": 1, "config": config})
        with suppress(AlreadyExists, Changed):
            try:
                stored = self.store.get(ref, most=_LARGEST)
            except Missing:
                self.store.create(ref, notice)
            else:
                if stored.body == notice:
                    return Tally()
                self.store.replace(ref, notice, etag=stored.etag)
        log.event("sync.choices_left_alone", queue=self.queue, why=reason)
        what = "Its choices do not follow the classes: mend that, or run `feedloop labelling setup`."
        return self._stopped(f"{reason.removesuffix('.')}. {what}")

    def _stopped(self, what: str) -> Tally:
        return Tally(stopped=(f"{self.queue}: {what}",))
