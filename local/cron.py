"""Cron, as OpenFaaS' cron-connector does it: an empty POST at each moment of a function's schedule, in UTC."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from cronsim import CronSim
from requests import RequestException

from feedloop import http_client, log
from feedloop.domain.clock import utc_now
from local import stack

_HEADERS = {"X-Topic": stack.CRON_TOPIC, "X-Connector": "cron-connector"}
_PATIENCE = (5, 3600)  # seconds to connect, seconds for a sweep
_NAP = 30.0
"""Seconds; a longer sleep would not notice that the clock was set, by hours or back, or the machine was suspended."""


def next_calls(schedules: Mapping[str, str], after: datetime) -> tuple[datetime, list[str]]:
    """The next moment at which something is due, and the functions to call then."""
    coming = {name: next(CronSim(schedule, after)) for name, schedule in schedules.items()}
    moment = min(coming.values())
    return moment, sorted(name for name, at in coming.items() if at == moment)


def due(schedules: Mapping[str, str], after: datetime, now: datetime) -> list[str]:
    """The functions to call now, each once, where `after` was looked last: none where the clock was set back."""
    return sorted(name for name, schedule in schedules.items() if next(CronSim(schedule, after)) <= now)


def seconds_to_next(schedules: Mapping[str, str], now: datetime) -> float:
    """Until the next moment at which something is due, or until we look at the clock again."""
    return min(_NAP, (next_calls(schedules, now)[0] - now).total_seconds())


def firings(
    schedules: Mapping[str, str],
    now: Callable[[], datetime] = utc_now,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """The functions to call, each when it is due, for ever."""
    looked = now()
    while schedules:
        sleep(seconds_to_next(schedules, now()))
        after, looked = looked, now()
        yield from due(schedules, after, looked)


def run(schedules: Mapping[str, str], gateway: str) -> None:
    """Call functions as their schedules say, until the process is ended."""
    with ThreadPoolExecutor(max(1, len(schedules))) as pool:
        for name in firings(schedules):
            pool.submit(call, name, gateway)


def call(name: str, gateway: str) -> None:
    """One firing. A failure is logged and made up by the next."""
    try:
        answer = http_client.request(
            "POST", f"{gateway}/function/{name}", data=b"", headers=_HEADERS, timeout=_PATIENCE
        )
        log.event("cron.called", function=name, status=answer.status_code)
    except RequestException as error:
        log.event("cron.failed", function=name, error=type(error).__name__)


if __name__ == "__main__":
    run(
        {function.name: function.schedule for function in stack.load_functions() if function.schedule},
        os.environ["GATEWAY_URL"],
    )
