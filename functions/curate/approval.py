"""An operator approves, once, withdrawals that the guard before mass withdrawals holds back."""

import re
from collections.abc import Mapping
from datetime import timedelta

from feedloop import log, withdrawals
from feedloop.domain import keys
from feedloop.domain.errors import BadRequest
from feedloop.ports import ObjectStore
from feedloop.withdrawals import Approval

from .sweep import count_vanished

HOURS, MOST_HOURS, MOST = 24, 168, 1_000_000
_NUMBER = re.compile("[0-9]{1,7}")


def approve(store: ObjectStore, fields: Mapping[str, str]) -> Approval:
    """Let `count` annotations of the queue `release` be withdrawn within `hours`. Raises BadRequest and Unavailable.

    Something must have vanished, and `count` must be enough for it: a call that comes twice does nothing.
    """
    queue = fields["release"]
    if queue not in keys.QUEUES:
        raise BadRequest(f"There is no queue {queue!r}; use {', '.join(keys.QUEUES)}.")
    count, hours = _number(fields, "count", MOST), _number(fields, "hours", MOST_HOURS, HOURS)
    vanished, ledger = count_vanished(store, queue)
    spared = withdrawals.fetch_guard(store, queue).spared
    waiting = vanished + (spared.vanished if spared else 0)
    if not 0 < waiting <= count:
        raise BadRequest(f"{waiting} annotations of {queue} wait to be withdrawn; a release is for so many or more.")
    approval = Approval(count, ledger.withdrawn, store.now().replace(microsecond=0) + timedelta(hours=hours))
    withdrawals.approve(store, queue, approval)
    log.event("curate.release", queue=queue, count=count, hours=hours, vanished=waiting)
    return approval


def _number(fields: Mapping[str, str], name: str, most: int, default: int = 0) -> int:
    text = fields.get(name, str(default))
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= most:
        raise BadRequest(f"Give {name} as a number from 1 to {most}.")
    return int(text)
