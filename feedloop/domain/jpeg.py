"""The segments of a JPEG file, walked without decoding a pixel (ITU-T T.81, Annex B).

A decoder needs the tables that a scan refers to, the scans, and two facts about colours. All else (Exif with its
GPS position, XMP, comments, previews, tables that no scan uses, a second picture or a video after the end) is private
or unknown, and dropped. The walk passes every byte once or twice, and gives up at a number of segments that no camera
and no editor reaches.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from feedloop.domain import exif
from feedloop.domain.errors import BrokenPicture

MAGIC = b"\xff\xd8\xff"

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_DHT, _DAC, _SOS, _DQT, _DRI = 0xC4, 0xCC, 0xDA, 0xDB, 0xDD
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_FRAMES = {*range(0xC0, 0xD0)} - {_DHT, 0xC8, _DAC}
_COMMON, _PROGRESSIVE = {0xC0, 0xC1, 0xC2}, {0xC2, 0xCA}
_DECODED = {*_FRAMES, _DAC, _SOS, _DRI}
"""What pixels are made of, beside the tables that are used."""
_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")
_SCAN_END = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # neither a stuffed FF00 nor a restart
_SCAN_STOP = re.compile(rb"\xff[\x01-\xcf\xd8-\xff]")  # the same, or fill bytes, which hardly a scan has
# In all no `\xff+`: fill bytes are passed one by one, for a search that tries each of them anew is quadratic.
_FILL, _FILLED = b"\xff", re.compile(rb"\xff{2,}")
_LENGTH = 2  # bytes of a segment's length, which counts itself
_MOST_SEGMENTS = 2000  # 255 for a profile, 160 of 64 kB for the rest of ten megabytes, and what a hundred scans want
_MOST_SCANS = 100  # cameras and encoders write ten or so
_ICC = b"ICC_PROFILE\0"
_JFIF, _LEAST_JFIF, _PLAIN_JFIF = b"JFIF\0", 14, b"JFIF\0\1\1\0\0\1\0\1\0\0"
_ADOBE, _LEAST_ADOBE, _PLAIN_ADOBE = b"Adobe", 12, b"Adobe\0\x64\0\0\0\0"
_FRAME_HEAD = 6
_COEFFICIENTS = 64
_JUNK = bytes(range(1, 200))
_MORE = (_JUNK + b"".join(bytes((0xFF, restart)) + _JUNK for restart in range(0xD0, 0xD8)), b"\xfe" * 400)


class Segment(NamedTuple):
    """A marker's code and payload, and the compressed pixels that follow it. A table is a segment of its own."""

    code: int
    payload: bytes
    scan: bytes = b""


class Jpeg(NamedTuple):
    """What is left of a file: join() makes one of it again."""

    segments: tuple[Segment, ...]
    orientation: int
    profile: bytes
    """The ICC profile as it came, empty without one."""
    ended: bool
    """Whether it has its end marker."""

    @property
    def body(self) -> bytes:
        """The file, without a profile."""
        return join(self.segments)

    @property
    def frame(self) -> Segment:
        """The size of the picture and its components."""
        return next(segment for segment in self.segments if segment.code in _FRAMES)

    @property
    def colours(self) -> int:
        """How many components a pixel has."""
        return self.frame.payload[_FRAME_HEAD - 1]

    @property
    def decodes_everywhere(self) -> bool:
        """Whether every browser can decode it: neither arithmetic coding nor lossless, for example."""
        return self.frame.code in _COMMON


def split(body: bytes) -> Jpeg:
    """The parts of the same pixels without what the file tells besides. Raises BrokenPicture."""
    segments = list(_segments(body))
    ended = bool(segments) and segments[-1].code == _EOI[1]
    scans = sum(segment.code == _SOS for segment in segments)
    if scans > _MOST_SCANS:
        raise BrokenPicture(f"The JPEG has more than {_MOST_SCANS} scans.")
    if not scans or sum(segment.code in _FRAMES for segment in segments) != 1:
        raise BrokenPicture("The JPEG is cut short, or is no single picture.")
    block = next((s.payload for s in segments if s.code == _APP1 and s.payload.startswith(exif.BLOCK)), b"")
    kept = (*_colour_facts(segments), *_used(segments))
    jpeg = Jpeg(kept, exif.orientation(block), _profile(segments), ended)
    if not ended and not _coded(jpeg):
        raise BrokenPicture("The JPEG is cut short: it has no end, and scans are missing.")
    return jpeg


def join(segments: Iterable[Segment], profile: bytes = b"") -> bytes:
    """A file of these segments, with an ICC profile of at most 64 kB."""
    return b"".join(chain.from_iterable(pieces(segments, profile)))


def pieces(segments: Iterable[Segment], profile: bytes = b"") -> list[tuple[bytes, bytes]]:
    """The same file in pieces: what stands before each scan, and the scan; the end marker before an empty one."""
    profiles = [Segment(_APP2, _ICC + b"\1\1" + profile)] if profile else []
    facts = [segment for segment in segments if segment.code in (_APP0, _APP14)]
    rest = [segment for segment in segments if segment.code not in (_APP0, _APP14)]
    head, done = [_SOI], []
    for code, payload, scan in (*facts, *profiles, *rest):
        head.append(bytes((0xFF, code)) + (len(payload) + 2).to_bytes(2, "big") + payload)
        if code == _SOS:
            done.append((b"".join(head), scan))
            head = []
    return [*done, (b"".join((*head, _EOI)), b"")]


def prolonged(clean: bytes) -> Iterator[bytes]:
    """The same picture with more to decode at its end, which shows in its pixels only where some are missing."""
    return (clean[: -len(_EOI)] + more + _EOI for more in _MORE)


def _segments(body: bytes) -> Iterator[Segment]:
    """Every segment up to the end marker, that marker included; fewer when the file is cut short."""
    at, count = len(_SOI), 0
    while marker := _MARKER.search(body, at):
        code, at = marker[1][0], marker.end()
        count += 1
        if count > _MOST_SEGMENTS:
            raise BrokenPicture(f"The JPEG has more than {_MOST_SEGMENTS:,} segments.")
        if code == _EOI[1]:
            yield Segment(code, b"")
            return
        size = max(_LENGTH, int.from_bytes(body[at : at + 2], "big"))
        payload = body[at + 2 : at + size]
        if code == _SOI[1]:
            raise BrokenPicture("The JPEG has another one inside.")
        if len(payload) != size - _LENGTH:
            return
        at += size
        if code == _SOS:
            scan, at = _scan_data(body, at)
            yield Segment(code, payload, scan)
        elif code in (_DQT, _DHT):
            tables = list(_tables(code, payload))
            count += len(tables)
            yield from tables
        else:
            yield Segment(code, payload)


def _scan_data(body: bytes, at: int) -> tuple[bytes, int]:
    """The compressed pixels that begin here, without fill bytes, and where they end."""
    stop = _SCAN_STOP.search(body, at)
    is_filled = stop is not None and stop[0] == _FILL * 2
    following = _SCAN_END.search(body, at) if is_filled else stop
    end = following.start() if following else len(body)
    scan = body[at:end].rstrip(_FILL)
    return _FILLED.sub(_FILL, scan) if is_filled else scan, end


def _tables(code: int, payload: bytes) -> Iterator[Segment]:
    """Each table of a segment that may hold several."""
    at = 0
    while at < len(payload):
        head = payload[at]
        size = 17 + sum(payload[at + 1 : at + 17]) if code == _DHT else 1 + 64 * (1 + (head >> 4))
        if at + size > len(payload):
            raise BrokenPicture("The JPEG is damaged inside a table.")
        yield Segment(code, payload[at : at + size])
        at += size


def _used(segments: Iterable[Segment]) -> Iterator[Segment]:
    """What a decoder needs, in its order: of the tables those that a scan refers to."""
    kept: dict[int, Segment] = {}
    tables: dict[tuple[int, int], tuple[int, Segment]] = {}
    frame = Segment(0, b"")
    quantised: set[int] = set()
    for number, segment in enumerate(segments):
        code, payload, _ = segment
        if code == _DQT:
            tables[code, payload[0] & 15] = number, segment
        elif code == _DHT:
            tables[code, payload[0]] = number, segment
        elif code in _DECODED:
            kept[number] = segment
        if code in _FRAMES:
            frame = segment
        if code == _SOS:
            wanted = _wanted(frame, payload, quantised)
            kept.update(tables[table] for table in wanted if table in tables)
    return (kept[number] for number in sorted(kept))


def _wanted(frame: Segment, header: bytes, quantised: set[int]) -> Iterator[tuple[int, int]]:
    """The tables that a scan refers to. A component is quantised by the table of its first scan."""
    quantisers = {part[0]: part[2] for part in _components(frame)}
    parts, first, _, last_bits = _scan(header)
    for component, tables in parts:
        if component not in quantised:
            quantised.add(component)
            yield _DQT, quantisers.get(component, 0)
        progressive = frame.code in _PROGRESSIVE
        if not progressive or (first == 0 and last_bits >> 4 == 0):
            yield _DHT, tables >> 4
        if not progressive or first:
            yield _DHT, 16 + (tables & 15)


def _components(frame: Segment) -> Iterator[bytes]:
    """Identity, sampling and table of each component."""
    parts = frame.payload[_FRAME_HEAD:]
    if len(parts) != 3 * sum(frame.payload[_FRAME_HEAD - 1 : _FRAME_HEAD]) or not parts:
        raise BrokenPicture("The JPEG's frame is damaged.")
    return (parts[at : at + 3] for at in range(0, len(parts), 3))


def _scan(header: bytes) -> tuple[list[bytes], int, int, int]:
    """Components with their tables, the first and last coefficient, and the bits of them, of a scan."""
    count = header[0] if header else 0
    if len(header) != 4 + 2 * count:
        raise BrokenPicture("A scan of the JPEG is damaged.")
    return [header[at : at + 2] for at in range(1, 1 + 2 * count, 2)], *header[-3:]


def _coded(jpeg: Jpeg) -> bool:
    """Whether its scans hold every coefficient to its last bit."""
    complete: set[tuple[int, int]] = set()
    for segment in jpeg.segments:
        if segment.code == _SOS:
            parts, first, last, bits = _scan(segment.payload)
            if jpeg.frame.code not in _PROGRESSIVE:
                first, last, bits = 0, _COEFFICIENTS - 1, 0
            if bits & 15 == 0:
                complete.update((part[0], number) for part in parts for number in range(first, last + 1))
    return len(complete) == _COEFFICIENTS * jpeg.colours


def _colour_facts(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Whether it is a JFIF file, and Adobe's word on its colours, where they count: before the first scan."""
    jfif = adobe = None
    for code, payload, _ in segments:
        if code == _SOS:
            break
        if code == _APP0 and payload.startswith(_JFIF) and len(payload) >= _LEAST_JFIF:
            jfif = Segment(code, _PLAIN_JFIF)
        if code == _APP14 and payload.startswith(_ADOBE) and len(payload) >= _LEAST_ADOBE:
            adobe = Segment(code, _PLAIN_ADOBE + payload[_LEAST_ADOBE - 1 : _LEAST_ADOBE])
    return (fact for fact in (jfif, adobe) if fact)


def _profile(segments: Iterable[Segment]) -> bytes:
    """The ICC profile (ICC.1, B.4), empty when a part of it is missing or comes twice."""
    parts = sorted(s.payload[len(_ICC) :] for s in segments if s.code == _APP2 and s.payload.startswith(_ICC))
    numbers = [(*part[:2],) for part in parts]
    if numbers != [(number, len(parts)) for number in range(1, len(parts) + 1)]:
        return b""
    return b"".join(part[2:] for part in parts)
