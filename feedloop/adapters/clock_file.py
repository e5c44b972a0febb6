"""A clock that a simulation sets while functions run: a file says how far it is from the real one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from feedloop import files
from feedloop.domain.clock import utc_now
from feedloop.domain.errors import Unavailable


@dataclass(frozen=True, slots=True)
class ClockFile:
    """A file that holds an offset in seconds, read at each call, so that every replica follows at once."""

    path: Path

    def __call__(self) -> datetime:
        """The real time plus the offset. Raises Unavailable without one: the real time would be a wrong one."""
        try:
            return utc_now() + timedelta(seconds=float(self.path.read_text()))
        except (OSError, ValueError, OverflowError) as error:
            raise Unavailable(f"CLOCK_FILE={self.path} holds no number of seconds: write one, 0 for now.") from error

    def set(self, now: datetime) -> None:
        """Have this be the time from here on, in one step for all readers."""
        files.replace(self.path, f"{(now - utc_now()).total_seconds():.6f}\n".encode())
