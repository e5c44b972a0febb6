import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain import webp
from feedloop.domain.errors import BrokenPicture
from tests.support import odd
from tests.support.uploads import SECRET, encoded, private_exif, scene

TOLD = encoded(scene(), "WEBP", lossless=True, exif=private_exif(6), xmp=SECRET, icc_profile=SECRET * 9)
MOVING = encoded(scene(), "WEBP", lossless=True, save_all=True, append_images=[scene().rotate(180)] * 3, xmp=SECRET)


def names(body, at=12):
    found = []
    while at < len(body):
        found.append(body[at : at + 4].decode())
        size = int.from_bytes(body[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return found


def test_a_decoder_is_given_canvas_and_pixels():
    found = webp.split(TOLD)
    assert (names(found.body), SECRET in found.body) == (["VP8X", "VP8L"], False)
    assert (found.orientation, found.profile) == (6, SECRET * 9)
    assert len(found.body) == 8 + int.from_bytes(found.body[4:8], "little")


def test_of_a_moving_picture_the_first_frame_is_left():
    found = webp.split(MOVING).body
    assert names(found) == ["VP8X", "ANIM", "ANMF"]
    assert names(found[found.index(b"ANMF") + 8 :], 16) == ["VP8L"]
    assert webp.split(found).body == found


@pytest.mark.parametrize("name", [b"XMP ", b"none", b"EXIF", b"ALP "])
def test_chunks_that_are_no_pixels_go(name):
    extra = name + struct.pack("<I", len(SECRET)) + SECRET
    assert SECRET not in webp.split(odd.webp(TOLD, extra)).body


@pytest.mark.parametrize("end", range(12, len(TOLD), 9))
def test_what_is_cut_short_is_broken(end):
    with pytest.raises(BrokenPicture):
        webp.split(TOLD[:end])


@given(st.binary(max_size=200))
def test_any_bytes_split_or_are_broken(body):
    whole = b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body
    try:
        found = webp.split(whole)
    except BrokenPicture:
        return
    assert len(found.body) <= len(whole) + 40
