"""What a JPEG file holds, read without any code of ours: each byte is a segment's, a scan's or an end marker's."""

import struct


def markers(body: bytes) -> list[tuple[int, bytes]]:
    """Marker and payload of each segment up to the end marker, which must end the file."""
    assert body[:2] == b"\xff\xd8"
    at, segments = 2, []
    while body[at : at + 2] != b"\xff\xd9":
        start, code, size = struct.unpack_from(">BBH", body, at)
        assert start == 0xFF
        segments.append((code, body[at + 4 : at + 2 + size]))
        at += 2 + size
        at = _end_of_scan(body, at) if code == 0xDA else at
    assert at + 2 == len(body)
    return segments


def _end_of_scan(body: bytes, at: int) -> int:
    """Where the next marker is: neither a stuffed zero nor a restart."""
    while body[at] != 0xFF or body[at + 1] == 0 or 0xD0 <= body[at + 1] <= 0xD7:
        at += 1
    return at
