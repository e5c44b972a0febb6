"""Ports on loopback: chosen free, remembered, and chosen again when somebody else has taken one."""

import random
import socket
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from local import data_directory
from local.settings import HOST

SHADOW = 10_000
"""SeaweedFS listens for its own kind this far above each of its ports."""

_FIRST, _LAST = 8080, 65_535
_CANDIDATES = range(12_000, 22_000)
"""With their shadows below the ports that systems hand to outgoing connections: a restart finds them free."""


def free(port: int) -> bool:
    """Whether a server could listen there."""
    return not fault(port)


def fault(port: int) -> str:
    """What keeps a server from listening there; empty when nothing does."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return "may not be used without rights of the system: choose one above 1023"
        except OSError:
            return "is taken by another program: stop it, or choose another"
        return ""


def beside(port: int) -> int:
    """Another that is free and needs no rights: the next one above, for a person to choose."""
    above = range(max(port + 1, _FIRST), _LAST + 1)
    return next((one for one in above if free(one)), _FIRST)


def remembered(path: Path, names: Iterable[str], taken: Iterable[int] = ()) -> dict[str, int]:
    """A free port for each name, the same as the last time wherever it is still free; none that is `taken`."""
    kept = data_directory.load_json(path)
    chosen: dict[str, int] = {}
    for name in names:
        port = kept.get(name)
        others = {*taken, *chosen.values(), *(port for other, port in kept.items() if other != name)}
        if not isinstance(port, int) or port in others or not _usable(port):
            port = _another(others)
        chosen[name] = port
    data_directory.write_json(path, {**kept, **chosen})
    return chosen


def _usable(port: int) -> bool:
    return free(port) and free(port + SHADOW)


def _another(taken: set[int]) -> int:
    shuffled = random.sample(_CANDIDATES, len(_CANDIDATES))
    return next(port for port in shuffled if port not in taken and _usable(port))
