"""The chunks of a PNG file, walked without decoding a pixel (W3C PNG, Third Edition, sections 5 and 11).

A decoder is given the header, the palette and the pixels. Texts, times, further frames, and chunks that are
damaged or unknown, are left out: neither can they tell anything, nor can one of them stop a picture.
"""

import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from feedloop.domain import exif
from feedloop.domain.errors import BrokenPicture
from feedloop.domain.stripped_picture import StrippedPicture

MAGIC = b"\x89PNG\r\n\x1a\n"

_GREY, _COLOUR, _PALETTE = 0, 2, 3
_KEY_SIZES = {_GREY: 2, _COLOUR: 6}
_MOST_CHUNKS = 20_000  # ten megabytes of pixels in pieces of 500 bytes
_MOST_PROFILE = 4_000_000


class PngChunk(NamedTuple):
    """A name, what it holds, and whether its checksum fits."""

    name: bytes
    payload: bytes
    sound: bool


class Png(NamedTuple):
    """A stripped file, and the colour that it wants to be transparent, which decoders tell apart badly."""

    stripped: StrippedPicture
    depth: int
    """Bits per colour, or per index of a palette."""
    key: tuple[int, ...]
    """The transparent colour: one level or three of that depth; empty without one."""

    @property
    def body(self) -> bytes:
        """The stripped file, without any word on that colour."""
        return self.stripped.body


def split(body: bytes) -> Png:
    """The same pixels without what the file tells besides. Raises BrokenPicture."""
    chunks = list(_chunks(body))
    head = chunks[0] if chunks else PngChunk(b"", b"", sound=False)
    if (head.name, len(head.payload), head.sound) != (b"IHDR", 13, True):
        raise BrokenPicture("The PNG's header is damaged.")
    depth, colour = head.payload[8:10]
    kept, pixels, payloads = [head], list[bytes](), dict[bytes, bytes]()
    for before, chunk in pairwise(chunks):
        if chunk.name == b"IDAT":
            if not pixels or before.name == b"IDAT":  # in one row, or they do not count
                pixels.append(chunk.payload)
        elif chunk.sound:
            payloads.setdefault(chunk.name, chunk.payload)
    if colour == _PALETTE:
        palette, alphas = payloads.get(b"PLTE", b""), payloads.get(b"tRNS", b"")
        kept += [PngChunk(b"PLTE", palette, sound=True)] if palette else []
        kept += [PngChunk(b"tRNS", alphas[: len(palette) // 3], sound=True)] if alphas else []
    kept += [PngChunk(b"IDAT", b"".join(pixels), sound=True), PngChunk(b"IEND", b"", sound=True)]
    key = payloads.get(b"tRNS", b"")
    fits = len(key) == _KEY_SIZES.get(colour)
    levels = struct.unpack(f">{len(key) // 2}H", key) if fits else ()
    orientation = exif.orientation(payloads.get(b"eXIf", b""))
    stripped = StrippedPicture(MAGIC + b"".join(map(_written, kept)), orientation, _profile(payloads.get(b"iCCP", b"")))
    return Png(stripped, depth, tuple(level & (1 << depth) - 1 for level in levels))


def _chunks(body: bytes) -> Iterator[PngChunk]:
    """Every chunk up to the end of the picture or of the file; pixels that are cut short as far as they go."""
    at, count = len(MAGIC), 0
    while at + 8 <= len(body) and (name := body[at + 4 : at + 8]) != b"IEND":
        count += 1
        if count > _MOST_CHUNKS:
            raise BrokenPicture(f"The PNG has more than {_MOST_CHUNKS:,} chunks.")
        end = at + 8 + int.from_bytes(body[at : at + 4], "big")
        payload = body[at + 8 : end]
        yield PngChunk(name, payload, body[end : end + 4] == zlib.crc32(payload, zlib.crc32(name)).to_bytes(4, "big"))
        at = end + 4


def _profile(payload: bytes) -> bytes:
    """The ICC profile of an iCCP chunk, empty when it is broken, packed in an unknown way, or a bomb."""
    _, _, packed = payload.partition(b"\0")
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed[1:], _MOST_PROFILE) if packed[:1] == b"\0" else b""
    except zlib.error:
        return b""
    return profile if unpacker.eof else b""


def _written(chunk: PngChunk) -> bytes:
    named = chunk.name + chunk.payload
    return len(chunk.payload).to_bytes(4, "big") + named + zlib.crc32(named).to_bytes(4, "big")
