import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain import exif, jpeg
from feedloop.domain.errors import BrokenPicture
from tests.support import uploads
from tests.support.mutants import segment

PHOTO = uploads.encoded(uploads.scene(), exif=uploads.private_exif(6))
PROGRESSIVE = uploads.encoded(uploads.scene(), progressive=True)
DHT, SOS, DQT, ADOBE = 0xC4, 0xDA, 0xDB, 0xEE


def clean(body):
    return jpeg.join(jpeg.split(body).segments)


CLEAN = clean(PHOTO)


@pytest.mark.parametrize("end", range(4, len(PHOTO), 13))
def test_a_file_that_is_cut_anywhere_has_no_end(end):
    try:
        assert not jpeg.split(PHOTO[:end]).ended
    except BrokenPicture:
        assert end < PHOTO.index(b"\xff\xda") + 14  # before its pixels


@pytest.mark.parametrize("scans", range(10))
def test_without_an_end_every_coefficient_must_be_told_to_its_last_bit(scans):
    starts = [at for at in range(len(PROGRESSIVE)) if PROGRESSIVE.startswith(b"\xff\xda", at)]
    assert jpeg.split(PROGRESSIVE[:-2]).ended is False
    with pytest.raises(BrokenPicture, match="cut short"):
        jpeg.split(PROGRESSIVE[: starts[scans]])


def test_stripping_twice_changes_nothing():
    assert jpeg.split(PHOTO).orientation == 6
    assert jpeg.split(CLEAN).orientation == exif.UPRIGHT
    assert clean(CLEAN) == CLEAN


def test_only_an_exif_block_tells_the_orientation():
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")
    elsewhere = segment(0xE2, PHOTO[PHOTO.index(b"Exif\0\0") :][:200])
    assert jpeg.split(CLEAN[:2] + xmp + elsewhere + CLEAN[2:]).orientation == exif.UPRIGHT


def test_fill_bytes_and_stray_bytes_between_segments_go():
    assert clean(CLEAN[:2] + b"stray\xff\xff" + CLEAN[2:]) == CLEAN


@pytest.mark.parametrize("code", [0xC8, 0xDC, 0xDE, 0xE0, 0xE1, 0xE2, 0xE3, 0xEE, 0xEF, 0xF0, 0xFD, 0xFE])
def test_a_segment_that_no_decoder_needs_goes(code):
    assert clean(CLEAN[:2] + segment(code, uploads.SECRET) + CLEAN[2:]) == CLEAN


def test_a_marker_that_means_nothing_ends_a_scan():
    assert clean(CLEAN[:-2] + b"\xff\x02" + uploads.SECRET + CLEAN[-2:]) == CLEAN


def test_of_notes_on_colours_only_the_colours_stay():
    head, rest = CLEAN[:2], CLEAN[2:]
    transform = segment(ADOBE, b"Adobe" + uploads.SECRET[:6] + b"\1" + uploads.SECRET)
    plain = segment(ADOBE, b"Adobe\0\x64\0\0\0\0\1")
    at = rest.index(b"\xff\xdb")
    assert clean(head + transform + rest) == head + rest[:at] + plain + rest[at:]


def table(code, head, text=uploads.SECRET):
    """A table that hides a text, for a destination."""
    body = text.ljust(64, b"\1")
    return segment(code, bytes((head,)) + (body if code == DQT else bytes(15) + b"\x40" + body))


@pytest.mark.parametrize("body", [CLEAN, PROGRESSIVE], ids=["sequential", "progressive"])
@pytest.mark.parametrize("unused", [table(DQT, 3), table(DHT, 0x03), table(DHT, 0x13), segment(DHT, b"")])
def test_a_table_that_no_scan_refers_to_goes(body, unused):
    at = body.index(b"\xff\xdb")
    assert clean(body[:at] + unused + body[at:]) == clean(body)
    assert clean(body[:-2] + unused + body[-2:]) == clean(body)


def test_a_table_that_is_replaced_before_it_is_used_goes():
    at = CLEAN.index(b"\xff\xdb")
    assert clean(CLEAN[:at] + table(DQT, 0) + table(DHT, 0) + CLEAN[at:]) == CLEAN


def test_of_a_segment_with_many_tables_the_used_ones_stay():
    tables = [found.payload for found in jpeg.split(CLEAN).segments if found.code == DHT]
    at = CLEAN.index(b"\xff\xda")
    packed = segment(DHT, b"".join((table(DHT, 2)[4:], *tables, table(DHT, 0x12)[4:])))
    assert clean(CLEAN[:at] + packed + CLEAN[at:]) == CLEAN


def test_there_may_not_be_thousands_of_segments_or_a_hundred_scans():
    scan = CLEAN[CLEAN.index(b"\xff\xda") : -2]
    assert jpeg.split(CLEAN[:-2] + 99 * scan + CLEAN[-2:])
    with pytest.raises(BrokenPicture, match="scans"):
        jpeg.split(CLEAN[:-2] + 100 * scan + CLEAN[-2:])
    with pytest.raises(BrokenPicture, match="segments"):
        jpeg.split(CLEAN[:2] + segment(0xFE, b"") * 2000 + CLEAN[2:])


def chunks(*parts):
    return b"".join(segment(0xE2, b"ICC_PROFILE\0" + bytes((number, count)) + text) for number, count, text in parts)


@pytest.mark.parametrize(
    ("parts", "profile"),
    [
        ([(1, 1, b"one")], b"one"),
        ([(2, 2, b"two"), (1, 2, b"one")], b"onetwo"),
        ([(1, 2, b"one")], b""),
        ([(1, 1, b"one"), (1, 1, b"one")], b""),
        ([(0, 1, b"one")], b""),
        ([(number, 255, b"x") for number in range(1, 256)], b"x" * 255),
    ],
)
def test_a_profile_is_put_together_in_its_order(parts, profile):
    assert jpeg.split(CLEAN[:2] + chunks(*parts) + CLEAN[2:]).profile == profile


@given(st.binary(max_size=200))
def test_any_bytes_split_or_are_broken(body):
    try:
        found = jpeg.split(jpeg.MAGIC + body)
    except BrokenPicture:
        return
    assert len(jpeg.join(found.segments)) <= len(body) + 20
