"""Accidents of pictures: bytes that flip, go, come twice or lie about a length."""

import struct
import zlib
from random import Random

PNG = b"\x89PNG\r\n\x1a\n"


def segment(code: int, payload: bytes) -> bytes:
    """A segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, code, len(payload) + 2) + payload


def chunk(name: bytes, payload: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def mutant(whole: bytes, rng: Random) -> bytes:
    """A picture after some accidents; half of them hit its header."""
    body = bytearray(whole)
    for _ in range(rng.choice((1, 1, 2, 4, 10))):
        at = rng.randrange(rng.choice((len(body), min(len(body), 120))))
        accident = rng.choice((_flip, _drop, _insert, _repeat, _overflow))
        accident(body, at, rng)
    return _with_checksums(bytes(body)) if rng.random() < 0.8 else bytes(body)


def _flip(body: bytearray, at: int, rng: Random) -> None:
    body[at] ^= 1 << rng.randrange(8)


def _drop(body: bytearray, at: int, rng: Random) -> None:
    del body[at : min(at + rng.randrange(1, 30), len(body) - 1)]


def _insert(body: bytearray, at: int, rng: Random) -> None:
    body[at:at] = rng.randbytes(rng.randrange(1, 20))


def _repeat(body: bytearray, at: int, rng: Random) -> None:
    start = rng.randrange(len(body))
    body[at:at] = body[start : start + rng.randrange(1, 60)]


def _overflow(body: bytearray, at: int, rng: Random) -> None:
    body[at : at + 4] = rng.choice((bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff", rng.randbytes(4)))


def _with_checksums(body: bytes) -> bytes:
    """A PNG whose checksums fit again, so that a decoder looks behind them."""
    if not body.startswith(PNG):
        return body
    out, at = [PNG], len(PNG)
    while (end := at + 12 + int.from_bytes(body[at : at + 4], "big")) <= len(body):
        out.append(chunk(body[at + 4 : at + 8], body[at + 8 : end - 4]))
        at = end
    return b"".join((*out, body[at:]))
