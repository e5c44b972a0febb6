import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain import png
from feedloop.domain.errors import BrokenPicture
from tests.support import odd, profiles
from tests.support.mutants import PNG, chunk
from tests.support.uploads import SECRET


def names(body):
    at, found = len(PNG), []
    while at < len(body):
        found.append(body[at + 4 : at + 8].decode())
        at += 12 + int.from_bytes(body[at : at + 4], "big")
    return found


@pytest.mark.parametrize(
    "kind", [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"iCCP", b"gAMA", b"acTL", b"fdAT", b"ABCD"]
)
def test_a_decoder_is_given_header_and_pixels(kind):
    body = png.split(odd.png(chunk(kind, SECRET), behind=chunk(kind, SECRET))).body
    assert (names(body), SECRET in body) == (["IHDR", "IDAT", "IEND"], False)
    assert png.split(body).body == body


def test_a_palette_and_its_transparency_stay():
    palette, alphas = chunk(b"PLTE", bytes(6)), chunk(b"tRNS", b"\0\1\2\3")
    found = png.split(odd.png(palette, alphas, depth=8, colour=3, rows=odd.flat(8, 1)))
    assert names(found.body) == ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]
    assert found.key == ()


@pytest.mark.parametrize(
    ("colour", "key", "levels"), [(0, b"\xff\x05", (5,)), (2, b"\0\1\0\2\0\3", (1, 2, 3)), (6, b"\0\1", ())]
)
def test_a_transparent_colour_is_told_in_the_picture_s_depth(colour, key, levels):
    assert png.split(odd.png(chunk(b"tRNS", key), colour=colour, rows=b"\0")).key == levels


def test_the_first_of_each_sound_chunk_counts():
    first, second = (odd.profile_chunk(profiles.coloured(curve=profiles.power(g))) for g in (1.8, 2.2))
    turned = b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0"
    found = png.split(odd.png(odd.damaged(second), first, second, chunk(b"eXIf", turned))).stripped
    assert (found.profile, found.orientation) == (profiles.coloured(curve=profiles.power(1.8)), 6)


@given(st.binary(max_size=200))
def test_any_bytes_split_or_are_broken(body):
    for start in (PNG, PNG + odd.header()):
        try:
            found = png.split(start + body)
        except BrokenPicture:
            continue
        assert len(found.body) <= len(start) + len(body) + 24
