"""The segments of a JPEG file, walked without decoding a pixel (ITU-T T.81, Annex B; Exif 2.32, 4.6).

A decoder needs the tables, the scans and the few markers that say how colours are meant.
All else (Exif with its GPS position, XMP, comments, previews, a second picture or a video
after the end) is private or unknown, and dropped.
"""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from feedloop.domain.errors import BrokenPicture

MAGIC = b"\xff\xd8\xff"
UPRIGHT = 1
"""Exif's orientation of a picture that is stored as it is meant to be seen."""

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_SOS, _DQT, _DRI, _APP0, _APP1, _APP2, _APP14 = 0xDA, 0xDB, 0xDD, 0xE0, 0xE1, 0xE2, 0xEE
_DECODED = {*range(0xC0, 0xD0), _SOS, _DQT, _DRI} - {0xC8}
"""Frames, tables, scans and restart intervals: what pixels are made of."""
_MARKER = re.compile(rb"\xff+([\xc0-\xcf\xd8-\xfe])")
_SCAN_END = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # neither a stuffed FF00 nor a restart; `\xff+` is 13 times slower
_FILL = b"\xff"
_ICC = b"ICC_PROFILE\0"
_JFIF, _JFIF_SIZE = b"JFIF\0", 12  # without its thumbnail
_ADOBE, _ADOBE_SIZE = b"Adobe", 12
_EXIF = b"Exif\0\0"
_ORIENTATION, _SHORT = 0x0112, 3
_MOST_SCANS = 100  # cameras and encoders write ten or so; each costs a walk over all pixels, whatever its own size
_JUNK = bytes(range(1, 200))
_MORE = _JUNK + b"".join(bytes((0xFF, restart)) + _JUNK for restart in range(0xD0, 0xD8))


class Segment(NamedTuple):
    """A marker's code and payload, and the compressed pixels that follow it."""

    code: int
    payload: bytes
    scan: bytes


def split(body: bytes) -> tuple[bytes, int]:
    """The same pixels without what the file tells besides, and its orientation. Raises BrokenPicture."""
    segments = list(_segments(body))
    if sum(s.code == _SOS for s in segments) > _MOST_SCANS:
        raise BrokenPicture(f"The JPEG has more than {_MOST_SCANS} scans.")
    blocks = (s.payload for s in segments if s.code == _APP1 and s.payload.startswith(_EXIF))
    return b"".join((_SOI, *map(_kept, segments), _EOI)), orientation(next(blocks, b""))


def prolonged(clean: bytes) -> bytes:
    """The same picture with more to decode at its end, which shows in its pixels only where some are missing."""
    return clean[: -len(_EOI)] + _MORE + _EOI


def orientation(exif: bytes) -> int:
    """1 to 8 as an Exif block says; UPRIGHT when it says nothing that can be understood."""
    tiff = exif.removeprefix(_EXIF)
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        said = _tag(tiff, order, _ORIENTATION) if order else UPRIGHT
    except struct.error:  # it points outside itself
        return UPRIGHT
    return said if said in range(1, 9) else UPRIGHT


def _segments(body: bytes) -> Iterator[Segment]:
    """Every segment before the end marker."""
    at = len(_SOI)
    while (marker := _MARKER.search(body, at)) and marker[0][-1:] != _EOI[1:]:
        code, payload = marker[1][0], _payload(body, marker.end())
        at = marker.end() + 2 + len(payload)
        following = _SCAN_END.search(body, at) if code == _SOS else None
        scan = body[at : following.start()].rstrip(_FILL) if following else b""
        at += len(scan)
        yield Segment(code, payload, scan)
    if marker is None:
        raise BrokenPicture("The JPEG is cut short: it has no end.")


def _payload(body: bytes, at: int) -> bytes:
    """What stands behind the two bytes that say its length, themselves included."""
    size = int.from_bytes(body[at : at + 2], "big")
    payload = body[at + 2 : at + size]
    if len(payload) != size - 2:
        raise BrokenPicture("The JPEG is cut short inside a segment.")
    return payload


def _kept(segment: Segment) -> bytes:
    code, payload, scan = segment
    if code == _APP0 and payload.startswith(_JFIF):
        payload = payload[:_JFIF_SIZE].ljust(_JFIF_SIZE + 2, b"\0")
    elif code == _APP14 and payload.startswith(_ADOBE):
        payload = payload[:_ADOBE_SIZE]
    elif code not in _DECODED and not (code == _APP2 and payload.startswith(_ICC)):
        return b""
    return bytes((0xFF, code)) + (len(payload) + 2).to_bytes(2, "big") + payload + scan


def _tag(tiff: bytes, order: str, wanted: int) -> int:
    """A 16-bit value of the first directory, 0 when it is not there (TIFF 6.0, section 2)."""
    (directory,) = struct.unpack_from(f"{order}4xL", tiff)
    (count,) = struct.unpack_from(f"{order}H", tiff, directory)
    for number in range(count):
        tag, kind, _, value = struct.unpack_from(f"{order}HHLH", tiff, directory + 2 + 12 * number)
        if (tag, kind) == (wanted, _SHORT):
            return int(value)
    return 0
