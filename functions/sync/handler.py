"""sync: Label Studio gets new review tasks and the classes of today; missing annotations are brought to the store.

called by  store event on labelstudio/tasks/, models/current.json and models/classes.json (with the event token)
           cron hourly at :45 · POST /function/sync, with the operator token at once and thoroughly
reads      labelstudio/tasks/<queue>/*, labelstudio/output/<queue>/*, tracking/projects.json, class names in models,
           Label Studio
writes     Label Studio's tasks, and our question in its label configs; tracking/imported, tracking/quarantine; of
           repairs labelstudio/output, tracking/removed, tracking/sync; tracking/notices of a config that stays as it is
answers    200 {"projects": {queue: {"new", "known", "failed", "repaired", "removed", "unreadable"}}}, "stopped" when
           an operator should look · 200 {"status": "known"} for an event without news, "off" without Label Studio
           401 an event without token · 503 store or Label Studio down, wrong token, project missing
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from feedloop import events, http, sweeps, wiring
from feedloop.domain import keys
from feedloop.domain.documents import Document
from feedloop.domain.errors import Unauthorised
from feedloop.http import Context, Event, Response
from feedloop.ports import AnnotationTool
from feedloop.sweeps import Lease

from .sweep import is_news, sweep

LEASE = Lease(timedelta(minutes=2), rest=timedelta(seconds=1))
"""A burst of events leads to one run a second; one that was killed holds others up for two minutes."""


@http.endpoint("POST")
def handle(event: Event, _context: Context) -> Response:
    """Every call does the same, for all queues; an operator's also repairs what was compared a moment ago.

    An event without news does nothing: a store that sends a burst one by one would keep us running for minutes.
    """
    is_event = events.is_store_event(event.body)
    if is_event and not http.has_token(event, wiring.event_token()):
        raise Unauthorised("Store events carry the event token: Authorization: Bearer <token>.")
    tool = wiring.annotation_tool()
    if tool is None:
        return http.json_response({"status": "off", "detail": "LABEL_STUDIO_URL is empty: tasks wait in the store."})
    if is_event and not _brings_news(event):
        return http.json_response({"status": "known"})
    thorough = not is_event and http.has_token(event, wiring.operator_token())
    return http.json_response(
        sweeps.alone(wiring.store(), "sync", lambda: _sweep(tool, thorough=thorough, on_event=is_event), lease=LEASE)
    )


def _brings_news(event: Event) -> bool:
    refs = events.changed_objects(event.body, bucket_prefix=wiring.configured().bucket_prefix)
    return any(is_news(wiring.store(), ref) for ref in refs)


def _sweep(tool: AnnotationTool, *, thorough: bool, on_event: bool) -> Document:
    """All queues at once, and some files of each."""
    with (
        ThreadPoolExecutor(len(keys.REVIEW_QUEUES)) as queues,
        ThreadPoolExecutor(wiring.configured().sweep_workers) as files,
    ):
        return sweep(wiring.store(), tool, thorough=thorough, on_event=on_event, queues=queues.map, each=files.map)
