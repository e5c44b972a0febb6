import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain import jpeg
from feedloop.domain.errors import BrokenPicture
from tests.support import uploads

PHOTO = uploads.encoded(uploads.scene(), exif=uploads.private_exif(6))


def tiff(order, *entries):
    head = b"II*\0" if order == "<" else b"MM\0*"
    packed = (struct.pack(f"{order}HHLH2x", tag, kind, 1, value) for tag, kind, value in entries)
    return head + struct.pack(f"{order}LH", 8, len(entries)) + b"".join(packed)


def segment(code, payload):
    return struct.pack(">BBH", 0xFF, code, len(payload) + 2) + payload


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("said", range(1, 9))
def test_both_byte_orders_tell_an_orientation(order, said):
    assert jpeg.orientation(b"Exif\0\0" + tiff(order, (0x010F, 3, 5), (0x0112, 3, said))) == said


@pytest.mark.parametrize(
    "exif",
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
def test_what_cannot_be_understood_is_upright(exif):
    assert jpeg.orientation(exif) == jpeg.UPRIGHT


@given(st.binary(max_size=80))
def test_no_exif_block_stops_an_upload(block):
    assert jpeg.orientation(b"Exif\0\0II*\0" + block) in range(1, 9)


@pytest.mark.parametrize("end", range(4, len(PHOTO) - 1, 13))
def test_a_file_that_is_cut_anywhere_has_no_end(end):
    with pytest.raises(BrokenPicture):
        jpeg.split(PHOTO[:end])


def test_stripping_twice_changes_nothing():
    once, orientation = jpeg.split(PHOTO)
    assert orientation == 6
    assert jpeg.split(once) == (once, jpeg.UPRIGHT)


def test_only_an_exif_block_tells_the_orientation():
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")
    elsewhere = segment(0xE2, b"Exif\0\0" + tiff("<", (0x0112, 3, 3)))
    assert jpeg.split(PHOTO[:2] + xmp + elsewhere + PHOTO[2:])[1] == 6


def test_fill_bytes_and_stray_bytes_between_segments_go():
    clean, _ = jpeg.split(PHOTO)
    untidy = clean[:2] + b"stray\xff\xff" + clean[2:]
    assert jpeg.split(untidy)[0] == clean


@pytest.mark.parametrize("code", [0xC8, 0xDC, 0xDE, 0xE1, 0xE3, 0xEF, 0xF0, 0xFD, 0xFE])
def test_a_segment_that_no_decoder_needs_goes(code):
    clean, _ = jpeg.split(PHOTO)
    assert jpeg.split(clean[:2] + segment(code, uploads.SECRET) + clean[2:])[0] == clean


def test_a_marker_that_means_nothing_ends_a_scan():
    clean, _ = jpeg.split(PHOTO)
    assert jpeg.split(clean[:-2] + b"\xff\x02" + uploads.SECRET + clean[-2:])[0] == clean


def test_nothing_rides_behind_the_note_on_colours():
    clean, _ = jpeg.split(PHOTO)
    noted = jpeg.split(clean[:2] + segment(0xEE, b"Adobe" + bytes(7) + uploads.SECRET) + clean[2:])[0]
    assert noted == clean[:2] + segment(0xEE, b"Adobe" + bytes(7)) + clean[2:]


def test_a_scan_takes_a_walk_over_all_pixels_so_there_may_not_be_thousands():
    clean, _ = jpeg.split(PHOTO)
    scan = clean[clean.index(b"\xff\xda") : -2]
    assert jpeg.split(clean[:-2] + 99 * scan + clean[-2:])
    with pytest.raises(BrokenPicture, match="scans"):
        jpeg.split(clean[:-2] + 100 * scan + clean[-2:])


@given(st.binary(max_size=200))
def test_any_bytes_split_or_are_broken(body):
    try:
        clean, _ = jpeg.split(jpeg.MAGIC + body)
    except BrokenPicture:
        return
    assert len(clean) <= len(body) + 20
