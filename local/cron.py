"""Cron, as OpenFaaS' cron-connector does it: an empty POST at each moment of a function's schedule, in UTC."""

import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from cronsim import CronSim
from requests import RequestException

from feedloop import log, web
from feedloop.domain.clock import utc_now
from local import stack

_HEADERS = {"X-Topic": stack.CRON_TOPIC, "X-Connector": "cron-connector"}
_PATIENCE = (5, 3600)  # seconds to connect, seconds for a sweep
_NAP = 30.0
"""Seconds; a longer sleep would not notice that the clock was set or the machine was suspended."""


def next_calls(schedules: Mapping[str, str], after: datetime) -> tuple[datetime, list[str]]:
    """The next moment at which something is due, and the functions to call then."""
    due = {name: next(CronSim(schedule, after)) for name, schedule in schedules.items()}
    moment = min(due.values())
    return moment, sorted(name for name, at in due.items() if at == moment)


def run(schedules: Mapping[str, str], gateway: str) -> None:
    """Call functions as their schedules say, until the process is ended."""
    with ThreadPoolExecutor(max(1, len(schedules))) as pool:
        while schedules:
            moment, names = next_calls(schedules, utc_now())
            _wait_until(moment)
            for name in names:
                pool.submit(call, name, gateway)


def call(name: str, gateway: str) -> None:
    """One firing. A failure is logged and made up by the next."""
    try:
        answer = web.request("POST", f"{gateway}/function/{name}", data=b"", headers=_HEADERS, timeout=_PATIENCE)
        log.event("cron.called", function=name, status=answer.status_code)
    except RequestException as error:
        log.event("cron.failed", function=name, error=type(error).__name__)


def _wait_until(moment: datetime) -> None:
    while (left := (moment - utc_now()).total_seconds()) > 0:
        time.sleep(min(left, _NAP))


if __name__ == "__main__":
    run({function.name: function.schedule for function in stack.read() if function.schedule}, os.environ["GATEWAY_URL"])
