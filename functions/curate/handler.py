"""curate: annotations become labelled pictures in the dataset buckets.

called by  store event on labelstudio/output/ (with the event token) · cron hourly at :15
           POST /function/curate, with the operator token without a rest; release, count, hours: approval.py
reads      labelstudio/output/<queue>/*, whether there is a task, review pictures' metadata, production
writes     tracking/labels, the four datasets, tracking/outcomes, tracking/quarantine, tracking/guard,
           tracking/curated last
answers    200 counts: curated, moved, withdrawn, skipped, disputed, quarantined, … · 401 an event without token
           503 store down, or the class lists disagree
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from feedloop import events, http, releases, sweeps, wiring
from feedloop.domain.documents import Document
from feedloop.domain.errors import Unauthorised
from feedloop.http import Context, Event, Response

from .approval import approve
from .curator import Curator
from .sweep import VANISHED, handle_event, sweep, to_document


@http.endpoint("POST")
def handle(event: Event, _context: Context) -> Response:
    """An event's own annotations at once; anything else is a sweep over all queues."""
    if not events.is_store_event(event.body):
        return http.json_response(
            _by_hand(event) if http.has_token(event, wiring.operator_token()) else _of_cron(event)
        )
    if not http.has_token(event, wiring.event_token()):
        raise Unauthorised("Store events carry the event token: Authorization: Bearer <token>.")
    refs = events.changed_objects(event.body, bucket_prefix=wiring.configured().bucket_prefix)
    tally = handle_event(_curator(), refs)
    return http.json_response(_sweep(trusted=True) if tally.counts[VANISHED] else to_document(tally))


def _of_cron(event: Event) -> Document:
    if b"release" in event.body:
        raise Unauthorised("A release needs the operator token: Authorization: Bearer <token>.")
    return _sweep(trusted=False)


def _by_hand(event: Event) -> Document:
    fields = http.fields(event) if event.body else {}
    if "release" not in fields:
        return _sweep(trusted=True)
    approval = approve(wiring.store(), fields)
    return {"release": {"queue": fields["release"], **approval.to_document()}, "sweep": _sweep(trusted=True)}


def _sweep(*, trusted: bool) -> Document:
    """One sweep at a time."""
    lease = sweeps.lease_for(wiring.configured().sweep_lease_seconds, trusted=trusted)
    return sweeps.alone(wiring.store(), "curate", _sweep_now, lease=lease)


def _sweep_now() -> Document:
    chosen = wiring.configured()
    with ThreadPoolExecutor(chosen.sweep_workers) as pool:
        tally = sweep(_curator(), each=pool.map, patience=timedelta(seconds=chosen.sweep_lease_seconds))
    return to_document(tally)


def _curator() -> Curator:
    store = wiring.store()
    return Curator(store, releases.agreed_class_list(store), wiring.clock())
