"""Ports on loopback: chosen free, remembered, and chosen again when somebody else has taken one."""

import random
import socket
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from local import folder
from local.settings import HOST

SHADOW = 10_000
"""SeaweedFS listens for its own kind this far above each of its ports."""

_CANDIDATES = range(12_000, 22_000)
"""With their shadows below the ports that systems hand to outgoing connections: a restart finds them free."""


def free(port: int) -> bool:
    """Whether a server could listen there."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def remembered(path: Path, names: Iterable[str], taken: Iterable[int] = ()) -> dict[str, int]:
    """A free port for each name, the same as the last time wherever it is still free; none that is `taken`."""
    kept = folder.read_json(path)
    chosen: dict[str, int] = {}
    for name in names:
        port = kept.get(name)
        others = {*taken, *chosen.values(), *(port for other, port in kept.items() if other != name)}
        if not isinstance(port, int) or port in others or not _usable(port):
            port = _another(others)
        chosen[name] = port
    folder.write_json(path, {**kept, **chosen})
    return chosen


def _usable(port: int) -> bool:
    return free(port) and free(port + SHADOW)


def _another(taken: set[int]) -> int:
    shuffled = random.sample(_CANDIDATES, len(_CANDIDATES))
    return next(port for port in shuffled if port not in taken and _usable(port))
