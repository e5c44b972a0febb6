import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain import icc
from tests.support import profiles
from tests.support.uploads import SECRET

SRGB_CURVE = profiles.power(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def srgb_by_points(points):
    levels = [round(65_535 * icc.srgb_light(number / (points - 1))) for number in range(points)]
    return b"curv" + bytes(4) + struct.pack(f">L{points}H", points, *levels)


@pytest.mark.parametrize("version", [2, 4])
@pytest.mark.parametrize("profile", [profiles.coloured, lambda version: profiles.grey()])
def test_of_a_profile_only_numbers_are_left(profile, version):
    sent = profile(version=version)
    clean = profiles.clean(sent, sent[16:20])
    assert (SECRET in sent, SECRET[:4] in clean, b"ACME" in clean) == (True, False, False)
    assert int.from_bytes(clean[:4], "big") == len(clean)
    assert profiles.clean(clean, sent[16:20]) == clean


@pytest.mark.parametrize("curve", [SRGB_CURVE, srgb_by_points(1024), srgb_by_points(256)])
def test_srgb_is_known_however_it_is_written(curve):
    found = icc.parse_profile(profiles.coloured(profiles.SRGB, curve), icc.RGB)
    assert found
    assert found.is_srgb


@pytest.mark.parametrize(
    ("primaries", "curve"),
    [
        (profiles.DISPLAY_P3, SRGB_CURVE),
        (profiles.SRGB, profiles.power(2.2)),
        (profiles.SRGB, profiles.table(1.8)),
        (profiles.SRGB, b"curv" + bytes(8)),
        (profiles.SRGB, b"curv" + bytes(4) + b"\0\0\0\1\1\xcd"),
        (profiles.SRGB[::-1], SRGB_CURVE),
    ],
)
def test_what_is_not_srgb_is_converted(primaries, curve):
    found = icc.parse_profile(profiles.coloured(primaries, curve), icc.RGB)
    assert found
    assert (found.is_srgb, bool(found.clean)) == (False, True)


def test_a_profile_speaks_of_its_own_numbers_only():
    assert icc.parse_profile(profiles.grey(), icc.RGB) is None
    assert icc.parse_profile(profiles.coloured(), icc.GREY) is None


def test_a_profile_that_needs_tables_is_told_apart():
    for space in (icc.RGB, icc.CMYK):
        found = icc.parse_profile(profiles.by_tables(space, {}), space)
        assert found
        assert (found.clean, found.is_srgb) == (b"", False)


@given(st.data())
def test_no_damage_to_a_profile_stops_an_upload(data):
    body = bytearray(profiles.coloured())
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=9)):
        body[at] = data.draw(st.integers(0, 255))
    found = icc.parse_profile(bytes(body), icc.RGB)
    assert found is None or SECRET not in found.clean
