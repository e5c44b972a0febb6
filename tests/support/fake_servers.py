"""Listeners that stand where a server should be."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler], port: int = 0) -> Iterator[str]:
    """A server on loopback, and its address."""
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def answering(reply_bytes: bytes | None) -> Iterator[str]:
    """A listener that says the same to everyone, or nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as callers:
        thread = Thread(target=_serve, args=(listener, callers, reply_bytes), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(listener: socket.socket, callers: ExitStack, reply_bytes: bytes | None) -> None:
    with suppress(OSError):  # the listener was shut down
        while True:
            caller = callers.enter_context(listener.accept()[0])
            if reply_bytes is not None:
                _answer(caller, reply_bytes)


def _answer(caller: socket.socket, reply_bytes: bytes) -> None:
    with suppress(OSError), caller:  # it may have left
        caller.recv(65536)
        caller.sendall(reply_bytes)


def reply(status: str, body: str = "", **headers: str) -> bytes:
    """An HTTP answer."""
    lines = {"Content-Length": len(body), "Connection": "close", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n{body}".encode()
