"""sample: a uniform random sample of one day's predictions goes to annotators, blind.

called by  cron daily at 00:20 · POST /function/sample   date (yyyymmdd), count: with the operator token only
reads      one listing of the day per class
writes     labelstudio/images/<sample key>.jpg, labelstudio/tasks/randomsampled/<sample key>.json (once)
answers    200 what it queued; a second run adds nothing · 400 wrong date or count · 503 store down
"""

import re

from feedloop import http, releases, sweeps, wiring
from feedloop.domain import clock
from feedloop.domain.documents import Document
from feedloop.domain.errors import BadRequest
from feedloop.http import Context, Event, Response

from .drawing import draw_sample

MOST = 10_000
_DIGITS = re.compile("[0-9]{1,5}")


@http.endpoint("POST")
def handle(event: Event, _context: Context) -> Response:
    """Draw yesterday's sample, or with the operator token that of any day."""
    settings, yesterday = wiring.configured(), clock.day_before(wiring.clock()())
    if http.has_token(event, wiring.operator_token()):
        fields = http.fields(event)
        return http.json_response(_draw(_day(fields.get("date"), yesterday), _count(fields.get("count"))))
    lease = sweeps.lease_for(settings.sweep_lease_seconds)
    return http.json_response(
        sweeps.alone(wiring.store(), "sample", lambda: _draw(yesterday, settings.sample_count), lease=lease)
    )


def _draw(day: str, count: int) -> Document:
    store = wiring.store()
    return draw_sample(day, count, store=store, classes=len(releases.class_list(store).names), now=wiring.clock()())


def _day(text: str | None, default: str) -> str:
    try:
        return clock.day_of(clock.time_of(text, 0)) if text else default
    except ValueError as error:
        raise BadRequest("Give the date as yyyymmdd, for example 20261122.") from error


def _count(text: str | None) -> int:
    if not text:
        return wiring.configured().sample_count
    if not _DIGITS.fullmatch(text) or not 1 <= int(text) <= MOST:
        raise BadRequest(f"Give the count as a number from 1 to {MOST}.")
    return int(text)
