"""report: how good is the model, with what certainty, and what do people still have to look at?

called by  cron daily at 00:30 · POST /function/report: writes closed days down
reads      listings of production, labelstudio/tasks and tracking/days
writes     tracking/days/<yyyymmdd>.jsonl (once)
answers    200 the days that were closed · 503 store down
"""

from datetime import timedelta

from feedloop import http, releases, sweeps, wiring
from feedloop.domain.classes import ClassList
from feedloop.domain.documents import Document
from feedloop.domain.errors import NoModel
from feedloop.http import Answer, Context, Event
from feedloop.sweeps import Lease

from .closing import close


@http.serves("POST")
def handle(event: Event, _context: Context) -> Answer:
    """Close days: one run at a time; strangers cannot make them follow each other without a rest."""
    trusted, length = http.has_token(event, wiring.event_token()), wiring.configured().sweep_lease_seconds
    lease = Lease(timedelta(seconds=length), rest=timedelta(0)) if trusted else Lease(timedelta(seconds=length))
    return http.answer(sweeps.alone(wiring.store(), "report", _close, lease=lease))


def _close() -> Document:
    return close(wiring.store(), classes=len(_classes().names), now=wiring.clock()())


def _classes() -> ClassList:
    """The classes that are served; none before the first release, since then there are no predictions either."""
    try:
        return releases.class_list(wiring.store())
    except NoModel as error:
        if str(error) != releases.NONE:
            raise
        return ClassList.of([])
