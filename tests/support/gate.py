"""A door in front of a server: closed, it refuses connections and cuts open ones; held, it has visitors wait.

With a log it writes down the first line of each request and answer: a test that fails shows the last of them.
"""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from tests.support import logs

_CHUNK = 65_536
_FIRST_LINE = re.compile(rb"[A-Z]+ \S+ HTTP/1\.[01](?=\r\n)|HTTP/1\.[01] \d{3}[^\r]*(?=\r\n)")


class Gate:
    """Passes bytes on between its own port and the server's."""

    def __init__(self, address: str, log: Path | None = None) -> None:
        self._log = log
        if log:
            logs.watch(log)
        parts = urlsplit(address)
        self._server = (parts.hostname or "", parts.port or 0)
        self._open: set[socket.socket] = set()
        self._passable = threading.Event()
        self._passable.set()
        self.waiting: set[socket.socket] = set()
        self._listener = self._listen(0)
        self._port = self._listener.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Nobody comes through."""
        self.close()
        try:
            yield
        finally:
            self._listener = self._listen(self._port)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What visitors send waits, and goes on afterwards; who waits is in `waiting`."""
        self._passable.clear()
        try:
            yield
        finally:
            self._passable.set()

    def close(self) -> None:
        for each in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._open.clear()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = listener.accept()
                self._let_in(visitor)

    def _let_in(self, visitor: socket.socket) -> None:
        try:
            server = socket.create_connection(self._server)
        except OSError:  # nobody is at home yet
            visitor.close()
            return
        self._open |= {visitor, server}
        for source, target in ((visitor, server), (server, visitor)):
            threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK):
                self.waiting.add(source)
                self._passable.wait()
                self.waiting.discard(source)
                self._write_down(chunk)
                target.sendall(chunk)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            self._open.discard(each)

    def _write_down(self, chunk: bytes) -> None:
        if self._log and (match := _FIRST_LINE.match(chunk)):
            with self._log.open("ab") as log:
                log.write(b"%s %s\n" % (f"{datetime.now(UTC):%H:%M:%S.%f}".encode(), match[0]))
