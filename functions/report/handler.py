"""report: how good is the model, with what certainty, and what should be labelled next?

called by  GET /function/report   days, from, to, model, class, format: with the report token, or REPORT_OPEN=on
           cron daily at 00:30 · POST /function/report: writes closed days down
reads      listings of production, the datasets, tasks and outcomes; tracking/days; some of tracking/labels;
           models: the pointer, the class list, card of and gate decision about the model that serves
writes     tracking/days/<yyyymmdd>.jsonl (POST, once)
answers    200 the report, or the days that were closed · 400 wrong parameters · 401 no token
           503 store down, or the class lists disagree
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from feedloop import http, releases, sweeps, wiring
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document
from feedloop.domain.errors import NoModel, Unauthorised
from feedloop.http import Context, Event, Response

from .closing import close
from .query import PROMETHEUS, parse_format

AT_ONCE = 8
"""Listings and files that a report reads at the same time."""
_TURN = Lock()
"""One report at a time in a process: each holds some of its days in memory."""


@http.endpoint("GET", "POST")
def handle(event: Event, _context: Context) -> Response:
    """Close days, or report."""
    if event.method == "POST":
        return http.json_response(_close())
    if not (wiring.configured().report_open or http.has_token(event, wiring.report_token())):
        raise Unauthorised("A report needs the report token: Authorization: Bearer <token>.")
    if parse_format(event.query, event.headers.get("Accept", "")) == PROMETHEUS:
        from . import prometheus  # brings HTTP servers, which only a scrape must wait for

        return http.text_response(prometheus.text(_report(event)), prometheus.CONTENT_TYPE)
    return http.json_response(_report(event))


def _report(event: Event) -> Document:
    from .report import report  # brings numpy, which closing a day can do without

    with _TURN, ThreadPoolExecutor(AT_ONCE) as pool:
        return report(
            event.query.to_dict(),
            store=wiring.store(),
            classes=_classes(),
            now=wiring.clock()(),
            threshold=wiring.configured().low_confidence_threshold,
            for_each=pool.map,
        )


def _close() -> Document:
    """One run at a time, and a rest between two."""
    lease = sweeps.lease_for(wiring.configured().sweep_lease_seconds)

    def run() -> Document:
        return close(wiring.store(), classes=len(_classes().names), now=wiring.clock()())

    return sweeps.alone(wiring.store(), "report", run, lease=lease)


def _classes() -> ClassList:
    """The classes that are served; none before the first release, since then there are no predictions either."""
    try:
        return releases.agreed_class_list(wiring.store())
    except NoModel as error:
        if str(error) != releases.NONE:
            raise
        return ClassList.of([])
