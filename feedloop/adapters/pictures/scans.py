"""How much of each scan of a JPEG its pixels need: only a decoder knows, and libjpeg shows it while it decodes.

It stops inside a scan when bytes run out, and goes on when more come. Fed piece by piece, it shows where a scan was
complete: from there on it passes over all that comes, and keeps nothing back. As it reads up to eight bytes ahead,
fewer than nine bytes behind a scan may stay unseen.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from math import isqrt

from PIL import Image
from PIL.ImageFile import ImageFile

Pieces = Sequence[tuple[bytes, bytes]]
"""What stands before each scan, and the scan; an empty one behind the end marker."""

_AHEAD = 9
_BLOCKS = 8  # a decoder may happen to keep nothing back at the end of a block; not at eight ends in a row
_MARKER = b"\xff"  # alone it waits for what it means, also where all else is passed over


def load(image: ImageFile, pieces: Pieces) -> list[int]:
    """Decode like `image.load()`, and return how many bytes of each scan were needed; 0 when more than nine were not.

    Raises OSError for a damaged picture.
    """
    return _fed(image, pieces, map(_tail, pieces))


def lengths(again: Callable[[], AbstractContextManager[ImageFile]], pieces: Pieces, needed: list[int]) -> list[int]:
    """How many bytes of each scan are needed where load() returned 0: by decoding for its block, then for its byte."""
    stops = [_tail(piece) for piece in pieces]
    unknown = [number for number, count in enumerate(needed) if not count]
    for number in unknown:
        size = len(pieces[number][1])
        stops[number] = range(0, size, isqrt(size) or 1)
    with again() as image:
        counts = _fed(image, pieces, stops)
    for number in unknown:
        start = max(0, counts[number] - 1)
        stops[number] = range(start, min(start + _BLOCKS * stops[number].step, len(pieces[number][1])))
    with again() as image:
        return _fed(image, pieces, stops)


def _tail(piece: tuple[bytes, bytes]) -> range:
    """Every byte of its end, so far as a decoder reads ahead."""
    return range(max(0, len(piece[1]) - _AHEAD), len(piece[1]))


def _fed(image: ImageFile, pieces: Pieces, stops: Iterable[range]) -> list[int]:
    """Decode and check at each stop; needed of a scan is one byte more than at the last stop that was too early."""
    image.load_prepare()
    codec, extents, _, args = image.tile[0]
    decoder = Image._getdecoder(image.mode, codec, args, image.decoderconfig)  # noqa: SLF001 - as ImageFile.load() does
    decoder.setimage(image.im, extents)
    needed, unread = [0] * len(pieces), b""
    try:
        for number, ((head, scan), ends) in enumerate(zip(pieces, stops, strict=True)):
            parts = [(memoryview(scan)[start:stop], stop) for start, stop in pairwise((0, *ends, len(scan)))]
            for given, stop in ((memoryview(head), 0), *parts):
                waiting = memoryview(unread + bytes(given)) if unread else given  # a large scan is not copied
                used, error = decoder.decode(waiting)
                if error < 0:
                    raise OSError("The JPEG is damaged.")
                if used < 0:  # the last line is there
                    return needed
                unread = bytes(waiting[used:])
                if stop and len(unread) > unread.startswith(_MARKER):
                    needed[number] = stop + 1
    finally:
        decoder.cleanup()
        image.tile = []
    raise OSError("The JPEG is cut short.")
