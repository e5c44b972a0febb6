"""ICC profiles as cameras and printers embed them, built on the spot, with somebody's name in every text."""

import struct
from io import BytesIO

from PIL import ImageCms

from feedloop.domain import icc
from tests.support.uploads import SECRET

SRGB = ((0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841))
PRINTED = {0: (255, 128, 128), 1: (0, 128, 128), 2: (136, 208, 195), 8: (136, 208, 195), 15: (0, 128, 128)}
"""Lab of corners for by_tables(): white without light or inks; sRGB's red for pure green, and for pure cyan ink."""
_D50 = (0.9642, 1.0, 0.8249)
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def numbers(kind: bytes, *values: float) -> bytes:
    """A tag of fractions."""
    return kind + bytes(4) + struct.pack(f">{len(values)}l", *(round(value * 65_536) for value in values))


def power(*parameters: float) -> bytes:
    """A curve by its formula: 1 parameter for a plain power, 5 for sRGB's."""
    kind = {1: 0, 5: 3}[len(parameters)]
    return numbers(b"para", 0, *parameters)[:8] + struct.pack(">HH", kind, 0) + numbers(b"para", *parameters)[8:]


def table(gamma: float, points: int = 1024) -> bytes:
    """The same by points."""
    levels = [round(65_535 * (number / (points - 1)) ** gamma) for number in range(points)]
    return b"curv" + bytes(4) + struct.pack(f">L{points}H", points, *levels)


def profile(tags: dict[str, bytes], space: bytes = b"RGB ", *, connection: bytes = b"XYZ ", version: int = 2) -> bytes:
    """A profile of these tags, with the secret in its texts, in its header and between its tags."""
    text = b"desc" + bytes(4) + struct.pack(">L", len(SECRET) + 1) + SECRET + bytes(79)
    all_tags = {"desc": text, "cprt": b"text" + bytes(4) + SECRET, "dmnd": text, "priv": b"data" + SECRET * 20, **tags}
    directory, bodies, at = b"", b"", 132 + 12 * len(all_tags)
    for name, body in all_tags.items():
        directory += struct.pack(">4sLL", name.encode(), at + len(bodies), len(body))
        bodies += body + bytes(-len(body) % 4) + SECRET
    head = b"ACME" + bytes((version, 0x10, 0, 0)) + b"mntr" + space + connection + bytes(12) + b"acsp" + bytes(8)
    head += SECRET[:8] + bytes(12) + numbers(b"", *_D50)[4:] + SECRET[:4] + SECRET
    whole = head.ljust(124, b"\0") + struct.pack(">L", len(all_tags)) + directory + bodies
    return struct.pack(">L", 4 + len(whole)) + whole


def coloured(
    primaries: tuple[tuple[float, ...], ...] = DISPLAY_P3, curve: bytes = power(*_SRGB_CURVE), *, version: int = 2
) -> bytes:
    """A profile of three primaries and curves."""
    colorants = {f"{name}XYZ": numbers(b"XYZ ", *xyz) + SECRET for name, xyz in zip("rgb", primaries, strict=True)}
    curves = {f"{name}TRC": curve + SECRET for name in "rgb"}
    return profile({"wtpt": numbers(b"XYZ ", *_D50), **colorants, **curves}, version=version)


def grey(gamma: float = 1.8) -> bytes:
    """A profile of grey."""
    return profile({"wtpt": numbers(b"XYZ ", *_D50), "kTRC": table(gamma)}, icc.GREY)


def by_tables(space: bytes, colours: dict[int, tuple[int, int, int]]) -> bytes:
    """A profile that looks its colours up: Lab, of 8 bits each, of the corner with this number, mid grey elsewhere."""
    channels = 4 if space == b"CMYK" else 3
    straight = bytes(range(256))
    corners = b"".join(bytes(colours.get(corner, (128, 128, 128))) for corner in range(2**channels))
    head = b"mft1" + bytes(4) + bytes((channels, 3, 2, 0)) + numbers(b"", 1, 0, 0, 0, 1, 0, 0, 0, 1)[4:]
    return profile({"A2B0": head + straight * channels + corners + straight * 3}, space, connection=b"Lab ")


def clean(body: bytes, space: bytes = icc.RGB) -> bytes:
    """What is kept of a profile."""
    parsed = icc.parse_profile(body, space)
    assert parsed
    return parsed.clean


def opened(body: bytes) -> ImageCms.ImageCmsProfile:
    """A profile for conversions."""
    return ImageCms.ImageCmsProfile(BytesIO(body))
