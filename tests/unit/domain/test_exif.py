import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain import exif


def tiff(order, *entries):
    head = b"II*\0" if order == "<" else b"MM\0*"
    packed = (struct.pack(f"{order}HHLH2x", tag, kind, 1, value) for tag, kind, value in entries)
    return head + struct.pack(f"{order}LH", 8, len(entries)) + b"".join(packed)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("said", range(1, 9))
def test_both_byte_orders_tell_an_orientation(order, said):
    assert exif.orientation(b"Exif\0\0" + tiff(order, (0x010F, 3, 5), (0x0112, 3, said))) == said


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"Exif\0\0nonsense",
        tiff("<", (0x0112, 3, 0)),  # no such orientation
        tiff("<", (0x0112, 3, 9)),
        tiff("<", (0x0112, 2, 6)),  # not a number
        tiff("<", (0x0112, 3, 6))[:-8],
        b"II*\0\xff\xff\xff\xff",  # a directory beyond the end
    ],
)
def test_what_cannot_be_understood_is_upright(block):
    assert exif.orientation(block) == exif.UPRIGHT


@given(st.binary(max_size=80))
def test_no_exif_block_stops_an_upload(block):
    assert exif.orientation(b"Exif\0\0II*\0" + block) in range(1, 9)
