"""A program: what files made to cost much do cost, each in a process of its own. Prints a JSON object by name.

Of each file, and of one half as long: seconds of CPU, and the most memory held in MiB.
"""

import json
import os
import resource
import struct
import warnings
from collections.abc import Callable
from contextlib import suppress

from feedloop.adapters.pictures import normalise
from feedloop.domain.errors import Refused
from feedloop.domain.upload_limits import MOST_BYTES
from tests.support.memory_peak import peak
from tests.support.mutants import PNG, chunk, segment
from tests.support.odd import EOI, SOI, before, behind, header, jpeg, png, webp
from tests.support.uploads import encoded, scene

_ROOM = 20_000  # for the picture itself


def _repeated(part: bytes, size: int) -> bytes:
    return part * ((size - _ROOM) // len(part))


def _within(part: bytes) -> Callable[[int], bytes]:
    """A JPEG with this part before its tables, again and again."""
    return lambda size: before(jpeg(), 0xDB, _repeated(part, size))


def _behind(part: bytes) -> Callable[[int], bytes]:
    """A JPEG with this part behind its last pixel, again and again."""
    return lambda size: behind(jpeg(), _repeated(part, size))


def _scans(size: int) -> bytes:
    """A hundred scans, each followed by fill bytes."""
    scan = jpeg()[jpeg().index(b"\xff\xda") : -2]
    return jpeg()[:-2] + (scan + b"\xff" * ((size - _ROOM) // 99 - len(scan))) * 99 + EOI


def _chunks(part: bytes) -> Callable[[int], bytes]:
    return lambda size: png(_repeated(part, size))


def _webp(part: bytes) -> Callable[[int], bytes]:
    picture = encoded(scene(), "WEBP", lossless=True, xmp=b"x")
    return lambda size: webp(picture, _repeated(part, size))


def _frame(size: int) -> bytes:
    """A moving WebP whose first frame is made of nothing."""
    moving = encoded(scene(), "WEBP", lossless=True, save_all=True, append_images=[scene().rotate(180)])
    at = moving.index(b"ANMF")
    nothing = _repeated(b"none" + bytes(4), size)
    return webp(moving[:at] + b"ANMF" + struct.pack("<I", 16 + len(nothing)) + moving[at + 8 : at + 24] + nothing)


CASES: dict[str, Callable[[int], bytes]] = {
    "JPEG of fill bytes": lambda size: jpeg()[:-2] + b"\xff" * (size - _ROOM) + b"\0",
    "JPEG of fill bytes before its tables": lambda size: before(jpeg(), 0xDB, b"\xff" * (size - _ROOM)),
    "JPEG of fill bytes and zeros": _behind(b"\xff" * 9000 + b"\0"),
    "JPEG of markers after fill bytes": _within(b"\xff" * 5000 + segment(0xFE, b"")),
    "JPEG of empty tables": _within(b"\xff\xc4\0\2"),
    "JPEG of empty comments": _within(segment(0xFE, b"")),
    "JPEG of full comments": _within(segment(0xFE, bytes(65_533))),
    "JPEG of code tables": _within(segment(0xC4, (b"\0\1" + bytes(16)) * 3600)),
    "JPEG of quantisers": _within(segment(0xDB, (b"\0" + b"\1" * 64) * 1000)),
    "JPEG of Exif blocks": _within(segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(65_000))),
    "JPEG of profiles": _within(segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(65_000))),
    "JPEG of starts": lambda size: _repeated(SOI, size),
    "JPEG of stray bytes": _within(b"\xff\0\1"),
    "JPEG of scans": _scans,
    "JPEG of restarts": _behind(b"\xff\xd0"),
    "JPEG of bytes behind its last pixel": _behind(b"words "),
    "PNG of empty chunks": _chunks(chunk(b"teSt", b"")),
    "PNG of empty pixels": _chunks(chunk(b"IDAT", b"")),
    "PNG of frames": lambda size: png(behind=_repeated(chunk(b"fdAT", bytes(4)), size)),
    "PNG of texts": _chunks(chunk(b"tEXt", b"a\0" + bytes(9000))),
    "PNG of one long text": lambda size: png(chunk(b"iTXt", bytes(size - _ROOM))),
    "PNG of headers": lambda size: PNG + _repeated(header(), size),
    "WebP of empty chunks": _webp(b"none" + bytes(4)),
    "WebP of an empty frame": _frame,
}


def cost(make: Callable[[int], bytes], size: int) -> tuple[float, int]:
    """Seconds of CPU and MiB of a process that does nothing else."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        body = make(size)
        began = resource.getrusage(resource.RUSAGE_SELF)
        with suppress(Refused):
            normalise(body)
        spent = resource.getrusage(resource.RUSAGE_SELF)
        seconds = spent.ru_utime + spent.ru_stime - began.ru_utime - began.ru_stime
        os.write(writer, json.dumps((seconds, peak())).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        seconds, mebibytes = json.loads(pipe.read())
    return seconds, mebibytes


def main() -> None:
    warnings.simplefilter("ignore")
    print(json.dumps({name: (cost(make, MOST_BYTES // 2), cost(make, MOST_BYTES)) for name, make in CASES.items()}))


if __name__ == "__main__":
    main()
