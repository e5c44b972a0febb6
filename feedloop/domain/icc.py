"""ICC profiles: what the numbers of a picture mean as colours (ICC.1:2022; ICC.1:2001 for version 2).

Profiles carry free text: a device's name, a person's copyright. Of one that describes its colours by three primaries
(or none, for grey) and curves, a new profile with the same colours is written. One that needs tables is marked, so
that its picture can be converted instead. What cannot be understood is no profile.
"""

import struct
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

RGB, GREY, CMYK = b"RGB ", b"GRAY", b"CMYK"

_HEAD, _LEAST = 128, 132
_CLASS, _SPACE, _CONNECTION, _SIGNATURE = slice(12, 16), slice(16, 20), slice(20, 24), slice(36, 40)
_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")
_XYZ, _LAB = b"XYZ ", b"Lab "
_D50 = struct.pack(">3l", 63_190, 65_536, 54_061)
_MOST_TAGS = 100
_TABLES = (b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1", b"D2B2", b"D2B3")
_PRIMARIES = (b"rXYZ", b"gXYZ", b"bXYZ")
_CURVES = {RGB: (b"rTRC", b"gTRC", b"bTRC"), GREY: (b"kTRC",)}
_PARAMETERS = (1, 3, 4, 5, 7)
_MOST_POINTS = 4096
_SMALL = 32_000
_OLDEST, _NEWEST = b"\x02\x10\0\0", b"\x04\x40\0\0"
_VERSIONS = {2: _OLDEST}
_TEXT = "Colours of a picture"
_COPYRIGHT = "No copyright"
_SRGB = (0.4360, 0.2225, 0.0139, 0.3851, 0.7169, 0.0971, 0.1431, 0.0606, 0.7141)
"""The primaries of sRGB seen in D50 (IEC 61966-2-1, adapted)."""
_NEAR_PRIMARIES, _NEAR_CURVE = 0.003, 0.002  # rounding, and the ways in which the same profile was written


class Profile(NamedTuple):
    """A profile that can be used."""

    space: bytes
    """Whose numbers it explains: RGB, GREY or CMYK."""
    clean: bytes
    """A profile of the same colours without any text but ours; empty for one that needs tables."""
    is_srgb: bool
    """Whether colours are displayed right without it."""


def parse_profile(profile: bytes, space: bytes) -> Profile | None:
    """A profile of this colour space; None when it is broken, or of another space."""
    parsed = _parse_cached(profile) if len(profile) <= _SMALL else _parse(profile)
    return parsed if parsed and parsed.space == space else None


def _parse(profile: bytes) -> Profile | None:
    space, connection = profile[_SPACE], profile[_CONNECTION]
    sound = len(profile) >= _LEAST and profile[_SIGNATURE] == b"acsp" and profile[_CLASS] in _CLASSES
    if not sound or space not in (RGB, GREY, CMYK) or connection not in (_XYZ, _LAB):
        return None
    try:
        tags = _tags(profile)
        if any(name in tags for name in _TABLES):
            return Profile(space, b"", is_srgb=False)
        return _rewritten(profile, tags)
    except (KeyError, ValueError, ArithmeticError, struct.error):
        return None


_parse_cached = lru_cache(maxsize=16)(_parse)
"""Visitors' cameras share a few profiles; those with tables would take megabytes."""


def _rewritten(profile: bytes, tags: dict[bytes, bytes]) -> Profile:
    """Raises KeyError and ValueError for what is missing or no profile of curves."""
    space, version = profile[_SPACE], _VERSIONS.get(profile[8], _NEWEST)
    names = _CURVES[space]
    curves = [_curve(tags[name]) for name in names]
    kept = {name: tag for name, (tag, _) in zip(names, curves, strict=True)}
    primaries: tuple[float, ...] = _SRGB
    if space == RGB:
        if profile[_CONNECTION] != _XYZ:
            raise ValueError("Primaries are given in XYZ.")
        kept |= {name: _numbers(tags[name], _XYZ, 3) for name in _PRIMARIES}
        primaries = tuple(value for name in _PRIMARIES for value in _fractions(kept[name]))
        a, b, c, d, e, f, g, h, i = primaries
        determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
        if abs(determinant) < 0.001:  # noqa: PLR2004 - of sRGB it is 0.2
            raise ValueError("The primaries are no three colours.")
    kept[b"wtpt"] = _numbers(tags[b"wtpt"], _XYZ, 3) if b"wtpt" in tags else _XYZ + bytes(4) + _D50
    if b"chad" in tags:
        kept[b"chad"] = _numbers(tags[b"chad"], b"sf32", 9)
    near = all(abs(one - other) < _NEAR_PRIMARIES for one, other in zip(primaries, _SRGB, strict=True))
    return Profile(space, _profile(profile, version, kept), near and all(_like_srgb(curve) for _, curve in curves))


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """What the directory points at."""
    (count,) = struct.unpack_from(">L", profile, _HEAD)
    if count > _MOST_TAGS:
        raise ValueError("A profile has a dozen tags.")
    entries = [struct.unpack_from(">4sLL", profile, _HEAD + 4 + 12 * number) for number in range(count)]
    return {name: profile[offset : offset + size] for name, offset, size in entries}


def _numbers(tag: bytes, kind: bytes, count: int) -> bytes:
    """A tag of so many numbers, and nothing behind them."""
    if not tag.startswith(kind) or len(tag) < 8 + 4 * count:
        raise ValueError("A tag is not of the kind that it must be.")
    return kind + bytes(4) + tag[8 : 8 + 4 * count]


def _fractions(tag: bytes) -> Iterable[float]:
    return (value / 65_536 for value in struct.unpack_from(f">{(len(tag) - 8) // 4}l", tag, 8))


def _curve(tag: bytes) -> tuple[bytes, Callable[[float], float]]:
    """The tag without what may stand behind it, and the light of a level; both from 0 to 1."""
    if tag.startswith(b"para"):
        (kind,) = struct.unpack_from(">H", tag, 8)
        count = dict(enumerate(_PARAMETERS))[kind]
        clean = b"para" + bytes(4) + tag[8:10] + bytes(2) + tag[12 : 12 + 4 * count]
        return clean, _power(kind, *_fractions(clean[4:]))
    (count,) = struct.unpack_from(">L", tag, 8)
    points = struct.unpack_from(f">{count}H", tag, 12) if count <= _MOST_POINTS else ()
    if not tag.startswith(b"curv") or len(points) != count:
        raise ValueError("Neither a power nor a table.")
    clean = b"curv" + bytes(4) + tag[8 : 12 + 2 * count]
    if count <= 1:
        return clean, _power(0, points[0] / 256 if points else 1.0)
    if points[0] >= points[-1]:
        raise ValueError("More is not lighter.")
    return clean, lambda level: _between(points, level)


def _power(kind: int, g: float, *rest: float) -> Callable[[float], float]:
    """A parametric curve (ICC.1, 10.18): (ax + b)^g + c above d, ex + f below."""
    if not 0 < g < 20:  # noqa: PLR2004 - what nobody would call a curve
        raise ValueError("No power of light.")
    a, b, *more = rest or (1.0, 0.0)
    if kind < 3:  # noqa: PLR2004 - the kinds that begin with a constant
        above = more[0] if more else 0.0
        c, d, e, f = above, -b / a if kind else 0.0, 0.0, above
    else:
        e, d, *offsets = more
        c, f = offsets or (0.0, 0.0)
    return lambda level: max(a * level + b, 0.0) ** g + c if level >= d else e * level + f


def _between(points: tuple[int, ...], level: float) -> float:
    """A table of equal steps, interpolated."""
    at = level * (len(points) - 1)
    left = min(int(at), len(points) - 2)
    return (points[left] + (points[left + 1] - points[left]) * (at - left)) / 65_535


def _like_srgb(curve: Callable[[float], float]) -> bool:
    levels = [number / 16 for number in range(17)]
    return all(abs(curve(level) - srgb_light(level)) < _NEAR_CURVE for level in levels)


def srgb_light(level: float) -> float:
    """The light of a level of sRGB (IEC 61966-2-1)."""
    return level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - the standard's


def _profile(original: bytes, version: bytes, kept: dict[bytes, bytes]) -> bytes:
    """A profile of these tags; equal ones are written once."""
    tags = {**(_old_texts() if version == _OLDEST else _new_texts()), **kept}
    bodies = list(dict.fromkeys(tags.values()))
    at, offsets = _LEAST + 12 * len(tags), {}
    for body in bodies:
        offsets[body] = at
        at += len(body) + -len(body) % 4
    directory = b"".join(struct.pack(">4sLL", name, offsets[body], len(body)) for name, body in tags.items())
    head = struct.pack(">L4x4s4s", at, version, b"mntr") + original[16:24] + bytes(12) + b"acsp" + bytes(28) + _D50
    count = struct.pack(">L", len(tags))
    return head.ljust(_HEAD, b"\0") + count + directory + b"".join(body + bytes(-len(body) % 4) for body in bodies)


def _old_texts() -> dict[bytes, bytes]:
    text = _TEXT.encode() + b"\0"
    described = b"desc" + bytes(4) + struct.pack(">L", len(text)) + text + bytes(78)
    return {b"desc": described, b"cprt": b"text" + bytes(4) + _COPYRIGHT.encode() + b"\0"}


def _new_texts() -> dict[bytes, bytes]:
    texts = {b"desc": _TEXT.encode("utf-16-be"), b"cprt": _COPYRIGHT.encode("utf-16-be")}
    head = b"mluc" + bytes(4) + struct.pack(">LL", 1, 12) + b"enUS"
    return {name: head + struct.pack(">LL", len(text), 28) + text for name, text in texts.items()}
