"""The one thing that we read in an Exif block: how the camera was held (Exif 2.32, 4.6; TIFF 6.0, section 2)."""

import struct

UPRIGHT = 1
"""Exif's orientation of a picture that is stored as it is meant to be seen."""

BLOCK = b"Exif\0\0"
"""What an Exif block begins with in a JPEG, and in some other files."""

_ORIENTATION, _SHORT = 0x0112, 3


def orientation(block: bytes) -> int:
    """1 to 8 as an Exif block says; UPRIGHT when it says nothing that can be understood."""
    tiff = block.removeprefix(BLOCK)
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        value = _tag(tiff, order, _ORIENTATION) if order else UPRIGHT
    except struct.error:  # it points outside itself
        return UPRIGHT
    return value if value in range(1, 9) else UPRIGHT


def _tag(tiff: bytes, order: str, wanted: int) -> int:
    """A 16-bit value of the first directory, which has 65,535 entries at most; 0 when it is not there."""
    (directory,) = struct.unpack_from(f"{order}4xL", tiff)
    (count,) = struct.unpack_from(f"{order}H", tiff, directory)
    for number in range(count):
        tag, kind, _, value = struct.unpack_from(f"{order}HHLH", tiff, directory + 2 + 12 * number)
        if (tag, kind) == (wanted, _SHORT):
            return int(value)
    return 0
