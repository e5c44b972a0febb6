"""Days and seconds, all in UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LAST_COMMIT = timedelta(minutes=5)
"""How long after its day's end an upload may still be committed."""

CLOSES = timedelta(minutes=15)
"""How long after its end a day is final."""


def utc_now() -> datetime:
    """The clock of a deployment; tests and simulations pass another."""
    return datetime.now(UTC)


def day_of(time: datetime) -> str:
    """`yyyymmdd`."""
    return f"{time:%Y%m%d}"


def second_of_day(time: datetime) -> int:
    """0 to 86399."""
    return time.hour * 3600 + time.minute * 60 + time.second


def time_of(day: str, second: int) -> datetime:
    """The time that a day and its second stand for. Raises ValueError for no such day."""
    midnight = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
    if day_of(midnight) != day:  # strptime also takes 2026112 and other scripts' digits
        raise ValueError(f"not a day: {day!r}")
    return midnight + timedelta(seconds=second)


def day_before(time: datetime) -> str:
    """Yesterday, seen from `time`."""
    return day_of(time - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class DayRange:
    """Days from the first to the last, as yyyymmdd."""

    first: str
    last: str


def days(first: str, last: str) -> Iterator[str]:
    """Every day from `first` to `last`; none when `last` is before it. Raises ValueError for no such day."""
    begin, count = time_of(first, 0), (time_of(last, 0) - time_of(first, 0)).days + 1
    return (day_of(begin + timedelta(days=number)) for number in range(count))


def takes_commits(day: str, now: datetime) -> bool:
    """Whether an upload of `day` may still be committed."""
    return now - timedelta(days=1) - LAST_COMMIT < time_of(day, 0)  # the last of all days has no day after it


def is_closed(day: str, now: datetime) -> bool:
    """Whether `day` is final: nothing can be committed to it any more."""
    return now - timedelta(days=1) - CLOSES >= time_of(day, 0)


def iso(time: datetime) -> str:
    """ISO 8601 with `Z`; fractions only where there are any."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_iso(text: object) -> datetime:
    """The time of an ISO 8601 text, read as UTC when it names no zone. Raises ValueError, whatever is given."""
    if not isinstance(text, str):
        raise ValueError(f"not a time: {type(text).__name__}")  # noqa: TRY004 - one error for all that is no time
    time = datetime.fromisoformat(text)
    try:
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError as error:  # in UTC it lies before the year 1 or after 9999
        raise ValueError(f"not a time of any year: {text!r}") from error
