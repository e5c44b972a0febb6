"""The chunks of a WebP file, walked without decoding a pixel (RFC 9649, section 2).

A decoder is given the first picture and its canvas. XMP, further frames and unknown chunks are left out.
"""

from collections.abc import Iterable, Iterator

from feedloop.domain import exif
from feedloop.domain.errors import BrokenPicture
from feedloop.domain.stripped_picture import StrippedPicture

MAGIC = b"RIFF"

_WEBP = b"WEBP"
_MOST_CHUNKS = 20_000
_PIXELS = (b"ALPH", b"VP8 ", b"VP8L")
_MOVES, _IS_TRANSPARENT = 0x02, 0x10
_FRAME_HEAD = 16

RiffChunk = tuple[bytes, bytes]


def is_webp(body: bytes) -> bool:
    """Whether it is a picture: sounds and videos begin with RIFF, too."""
    return body.startswith(MAGIC) and body[8:12] == _WEBP


def split(body: bytes) -> StrippedPicture:
    """The same pixels without what the file tells besides. Raises BrokenPicture."""
    end = 8 + int.from_bytes(body[4:8], "little")
    if end > len(body):
        raise BrokenPicture("The WebP is cut short.")
    payloads: dict[bytes, bytes] = {}
    for name, payload in _chunks(body[:end], 12):
        payloads.setdefault(name, payload)
    kept = list(_first(payloads.items(), _PIXELS))
    if canvas := payloads.get(b"VP8X", b""):
        kept.insert(0, (b"VP8X", bytes((canvas[0] & (_MOVES | _IS_TRANSPARENT),)) + canvas[1:10]))
    if frame := payloads.get(b"ANMF", b""):
        moving = _joined(_first(_chunks(frame, _FRAME_HEAD), _PIXELS))
        kept += [(b"ANIM", payloads.get(b"ANIM", b"")[:6]), (b"ANMF", frame[:_FRAME_HEAD] + moving)]
    chunks = _joined(kept)
    stripped = MAGIC + (4 + len(chunks)).to_bytes(4, "little") + _WEBP + chunks
    return StrippedPicture(stripped, exif.orientation(payloads.get(b"EXIF", b"")), payloads.get(b"ICCP", b""))


def _chunks(body: bytes, at: int) -> Iterator[RiffChunk]:
    count = 0
    while at + 8 <= len(body):
        count += 1
        if count > _MOST_CHUNKS:
            raise BrokenPicture(f"The WebP has more than {_MOST_CHUNKS:,} chunks.")
        name, size = body[at : at + 4], int.from_bytes(body[at + 4 : at + 8], "little")
        payload = body[at + 8 : at + 8 + size]
        if len(payload) != size:
            raise BrokenPicture("The WebP is cut short.")
        yield name, payload
        at += 8 + size + size % 2


def _first(chunks: Iterable[RiffChunk], names: Iterable[bytes]) -> Iterator[RiffChunk]:
    """The first chunk of each of these names, in the order of the names."""
    payloads: dict[bytes, bytes] = {}
    for name, payload in chunks:
        payloads.setdefault(name, payload)
    return ((name, payloads[name]) for name in names if name in payloads)


def _joined(chunks: Iterable[RiffChunk]) -> bytes:
    return b"".join(
        name + len(payload).to_bytes(4, "little") + payload + bytes(len(payload) % 2) for name, payload in chunks
    )
