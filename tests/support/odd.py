"""Files that the world sends, each with its right answer: what is stored of it, and what a model sees.

Each shows `uploads.scene()` unless it says otherwise. Made on the spot, the same on every run.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from PIL import Image, ImageCms, ImageOps

from feedloop.domain import exif, icc
from tests.support import profiles
from tests.support.hostile import lossless_claim, many_scans
from tests.support.mutants import PNG, chunk, segment
from tests.support.uploads import SECRET, encoded, pixels, private_exif, scene

KEPT, WRITTEN, TOO_LARGE, UNSUPPORTED, BROKEN = "kept", "written anew", "413", "415", "422"
"""Kept: an upright JPEG whose pixels are those of the upload, bit for bit."""

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
SIZE = (96, 64)
Sent = bytes | Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Odd:
    """A file, and what becomes of it."""

    name: str
    sent: Sent
    answer: str
    shown: Callable[[], Image.Image] | Image.Image = scene
    apart: float = 3
    """How far the colours that a model sees may be from those shown, in the mean."""
    like: bytes = b""
    """Another file of the same pixels, where Pillow does not read this one."""

    def make(self) -> bytes:
        """The file."""
        return self.sent if isinstance(self.sent, bytes) else self.sent()

    def meant(self) -> Image.Image:
        """What it shows."""
        return self.shown if isinstance(self.shown, Image.Image) else self.shown()


def files() -> list[Odd]:
    """The whole table."""
    return [*_jpegs(), *_jpegs_with_secrets(), *_profiled(), *_broken_jpegs(), *_pngs(), *_broken_pngs(), *_webps()]


@cache
def jpeg(mode: str = "RGB", **options: Any) -> bytes:
    """The scene as Pillow writes it."""
    return encoded(scene().convert(mode), quality=95, **options)


def grey(level: int) -> Image.Image:
    """A picture of one level."""
    return Image.new("RGB", SIZE, (level,) * 3)


def black_and_white() -> Image.Image:
    """The scene in grey."""
    return scene().convert("L").convert("RGB")


def white() -> Image.Image:
    """Nothing at all."""
    return Image.new("RGB", SIZE, "white")


def before(body: bytes, marker: int, *parts: bytes) -> bytes:
    """The same with further parts before the first segment of this kind."""
    at = body.index(bytes((0xFF, marker)))
    return body[:at] + b"".join(parts) + body[at:]


def behind(body: bytes, tail: bytes) -> bytes:
    """The same with bytes between the last pixel and the end marker."""
    return body[:-2] + tail + EOI


def within_scans(body: bytes, tail: bytes) -> bytes:
    """The same with bytes behind the last pixel of every scan."""
    parts = body.split(b"\xff\xda")
    ends = (part.rfind(b"\xff\xc4") if b"\xff\xc4" in part else len(part) for part in parts[1:-1])
    cut = (part[:end] + tail + part[end:] for part, end in zip(parts[1:-1], ends, strict=True))
    return b"\xff\xda".join((parts[0], *cut, behind(parts[-1], tail)))


def without(body: bytes, marker: int) -> bytes:
    """The same without all segments of a kind before the first scan."""
    head = body.index(b"\xff\xda")
    while (at := body.find(bytes((0xFF, marker)), 0, head)) >= 0:
        size = 2 + int.from_bytes(body[at + 2 : at + 4], "big")
        body, head = body[:at] + body[at + size :], head - size
    return body


def arithmetic(frame: int = 0xC9) -> bytes:
    """Noise, coded in a way that browsers do not know (ITU-T T.81, Annex D)."""
    scan = segment(0xDA, b"\1\1\0" + (b"\0\0\0" if frame == 0xCA else b"\0\x3f\0"))
    noise = Random(1).randbytes(3000).replace(b"\xff", b"\xfe")
    return SOI + segment(0xDB, b"\0" + b"\x10" * 64) + _frame(frame) + scan + noise + EOI


def lossless() -> bytes:
    """Mid grey by the lossless process (Annex H)."""
    table = segment(0xC4, b"\0\1\1" + bytes(14) + b"\0\1")
    return SOI + _frame(0xC3) + table + segment(0xDA, b"\1\1\0\1\0\0") + bytes(SIZE[0] * SIZE[1] // 8) + EOI


def twelve_bits() -> bytes:
    """A frame of 12 bits per sample."""
    head = segment(0xDB, b"\0" + b"\x10" * 64) + _frame(0xC1, depth=12)
    return SOI + head + segment(0xDA, b"\1\1\0\0\x3f\0") + bytes(900) + EOI


def _frame(code: int, depth: int = 8) -> bytes:
    return segment(code, struct.pack(">BHHB", depth, SIZE[1], SIZE[0], 1) + b"\1\x11\0")


def _jpegs() -> Iterator[Odd]:
    for mode in ("RGB", "L", "CMYK"):
        shown = black_and_white if mode == "L" else scene
        ways: dict[str, dict[str, Any]] = {
            "plain": {},
            "progressive": {"progressive": True},
            "with restarts": {"restart_marker_blocks": 3},
            "without subsampling": {"subsampling": "4:4:4" if mode == "RGB" else "4:2:0"},
        }
        for name, options in ways.items():
            body = jpeg(mode, **options)
            yield Odd(f"{mode} JPEG, {name}", body, KEPT, shown, 6)
            yield Odd(f"{mode} JPEG, {name}, without its end", body[:-2], KEPT, shown, 6)
            yield Odd(f"{mode} JPEG, {name}, with half an end", body[:-1], KEPT, shown, 6)
    for orientation in range(2, 9):
        lying = ImageOps.exif_transpose(_held(orientation))
        yield Odd(
            f"JPEG held as {orientation}",
            encoded(scene(), exif=private_exif(orientation), quality=95),
            WRITTEN,
            lying,
        )
    for name, make in {
        "fill bytes behind its pixels": lambda: behind(jpeg(), b"\xff" * 54_000),
        "fill bytes and a zero for its end": lambda: jpeg()[:-2] + b"\xff" * 54_000 + b"\0",
        "fill bytes before each table": lambda: jpeg().replace(b"\xff\xdb", b"\xff" * 3000 + b"\xff\xdb"),
        "nothing but zeros for its end": lambda: jpeg()[:-2] + bytes(5000),
        "a segment of no length": lambda: before(jpeg(), 0xDB, b"\xff\xe1\0\0"),
        "stray bytes before a table": lambda: before(jpeg(), 0xDB, b"\0stray" * 99),
        "a restart interval of nothing": lambda: before(jpeg(), 0xDA, segment(0xDD, b"\0\0")),
        "empty tables": lambda: before(jpeg(), 0xDA, segment(0xC4, b"") * 1500),
        "a thousand comments": lambda: before(jpeg(), 0xDB, segment(0xFE, SECRET) * 1000),
        "large segments of every application": lambda: before(
            jpeg(), 0xDB, *(segment(code, SECRET * 4000) for code in range(0xE0, 0xF0))
        ),
        "the tables of moving pictures left out": lambda: without(jpeg(), 0xC4),
        "no word on its colours": lambda: without(jpeg(), 0xE0),
        "a second picture behind it": lambda: jpeg() + jpeg("L"),
        "an Exif block that points at itself": lambda: before(jpeg(), 0xDB, segment(0xE1, _endless_exif())),
        "a hundred Exif blocks": lambda: before(jpeg(), 0xDB, segment(0xE1, _endless_exif()) * 100),
        "an index of many pictures": lambda: before(jpeg(), 0xDB, segment(0xE2, b"MPF\0MM\0*\0\0\0\x08\xff\xff" * 9)),
    }.items():
        yield Odd(f"JPEG with {name}", make, KEPT)
    two = encoded(scene(), "MPO", save_all=True, append_images=[scene().rotate(180)], quality=95)
    yield Odd("JPEG of two pictures", lambda: two, KEPT)
    for name, make in {
        "a restart outside a scan": lambda: before(jpeg(), 0xDB, b"\xff\xd0\xff\x01"),
        "a short JFIF segment": lambda: before(without(jpeg(), 0xE0), 0xDB, segment(0xE0, b"JFIF\0\1")),
        "a marker that means nothing behind its pixels": lambda: behind(jpeg(), b"\xff\x02" + SECRET),
    }.items():
        yield Odd(f"JPEG with {name}", make, KEPT, like=jpeg())
    for code in (0xC9, 0xCA):
        noise = pixels(arithmetic(code)).convert("RGB")
        yield Odd(f"arithmetic JPEG of frame {code:x}", arithmetic(code), WRITTEN, noise, 8)
    yield Odd("lossless JPEG", lossless, WRITTEN, grey(128))


def _held(orientation: int) -> Image.Image:
    return pixels(encoded(scene(), "PNG", exif=private_exif(orientation)))


def _endless_exif() -> bytes:
    return b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHLL", 0x8769, 4, 1, 8) * 5000


def _jpegs_with_secrets() -> Iterator[Odd]:
    """Whatever a picture can hide goes, and the pixels stay."""
    table = segment(0xDB, b"\3" + SECRET * 4)
    codes = bytes(15) + b"\x40" + SECRET * 4
    long = SECRET * 500
    for kind, body in {"plain": jpeg(), "progressive": jpeg(progressive=True), "grey": jpeg("L")}.items():
        shown = black_and_white if kind == "grey" else scene
        for name, make in {
            "behind its last pixel": behind(body, SECRET),
            "at length behind its last pixel": behind(body, long),
            "with stuffed bytes behind its last pixel": behind(body, (SECRET + b"\xff\0") * 99),
            "with restarts behind its last pixel": behind(body, (SECRET + b"\xff\xd3") * 99),
            "behind its last pixel, without an end": body[:-2] + long,
            "in a table that nobody uses": before(body, 0xDB, table),
            "in codes that nobody uses": before(body, 0xDB, segment(0xC4, b"\x03" + codes)),
            "in a table behind its pixels": behind(body, table),
            "in a table that is replaced": before(body, 0xDB, segment(0xDB, b"\0" + SECRET * 4)),
            "in a number of lines": behind(body, segment(0xDC, SECRET)),
            "in what Adobe says": behind(body, segment(0xEE, b"Adobe" + SECRET)),
            "in a preview": before(body, 0xDB, segment(0xE0, b"JFXX\0\x10" + SECRET)),
        }.items():
            yield Odd(f"{kind} JPEG with a secret {name}", make, KEPT, shown)
    yield Odd("JPEG with a secret in every scan", lambda: within_scans(jpeg(progressive=True), SECRET), KEPT)


def _profiled() -> Iterator[Odd]:
    """Colours that mean something else than they seem to."""
    wide = encoded(_in_display_p3(), quality=95, icc_profile=profiles.coloured())
    wide_new = encoded(_in_display_p3(), quality=95, icc_profile=profiles.coloured(version=4))
    wide_png = encoded(_in_display_p3(), "PNG", icc_profile=profiles.coloured())
    wide_webp = encoded(_in_display_p3(), "WEBP", icc_profile=profiles.coloured(), lossless=True)
    turned = encoded(_in_display_p3(), quality=95, icc_profile=profiles.coloured(), exif=private_exif(3))
    yield Odd("JPEG in Display P3", lambda: wide, KEPT, apart=4)
    yield Odd("JPEG in Display P3 of version 4", lambda: wide_new, KEPT, apart=4)
    yield Odd("JPEG in Display P3, upside down", lambda: turned, WRITTEN, lambda: scene().rotate(180), 4)
    yield Odd("PNG in Display P3", lambda: wide_png, WRITTEN, apart=4)
    yield Odd("WebP in Display P3", lambda: wide_webp, WRITTEN, apart=4)
    dark = scene().convert("L").point([round(255 * icc.srgb_light(level / 255) ** (1 / 1.8)) for level in range(256)])
    dark_jpeg, dark_png = (encoded(dark, kind, quality=95, icc_profile=profiles.grey()) for kind in ("JPEG", "PNG"))
    yield Odd("grey JPEG with a power of its own", lambda: dark_jpeg, KEPT, black_and_white)
    yield Odd("grey PNG with a power of its own", lambda: dark_png, WRITTEN, black_and_white)
    for space, mode, inks in ((icc.RGB, "RGB", (0, 255, 0)), (icc.CMYK, "CMYK", (255, 0, 0, 0))):
        flat_colour = Image.new(mode, SIZE, inks)
        body = encoded(flat_colour, quality=95, icc_profile=profiles.by_tables(space, profiles.PRINTED))
        red = Image.new("RGB", SIZE, (254, 0, 0))
        yield Odd(f"{mode} JPEG that needs tables", body, WRITTEN, red, 9)
    sound = profiles.coloured()
    at = sound.index(b"rXYZ")
    for name, broken in {
        "of nothing": b"",
        "of text": SECRET * 100,
        "cut short": sound[:200],
        "without a signature": sound.replace(b"acsp", b"acsq"),
        "of another space": sound.replace(b"RGB ", b"HSV ", 1),
        "of a link": sound.replace(b"mntr", b"link", 1),
        "without a colour": sound[:at] + b"zzzz" + sound[at + 4 :],
        "of one colour": profiles.coloured((profiles.SRGB[0],) * 3),
        "with a curve that falls": profiles.coloured(curve=b"curv" + bytes(4) + struct.pack(">LHH", 2, 65_535, 0)),
        "with a curve of four billion points": profiles.coloured(curve=b"curv" + bytes(4) + b"\xff" * 8),
        "with a curve of an unknown kind": profiles.coloured(curve=b"para" + bytes(4) + b"\0\x09" + bytes(30)),
        "with a power of nothing": profiles.coloured(curve=profiles.power(0.0)),
        "with four billion tags": sound[:128] + b"\xff" * 4 + sound[132:],
        "with tags behind its end": sound[: at + 4] + b"\xff" * 8 + sound[at + 12 :],
        "with tables that are none": profiles.profile({"A2B0": SECRET * 9}),
        "of grey": profiles.grey(),
    }.items():
        body = encoded(scene(), quality=95, icc_profile=broken)
        answer = WRITTEN if "tables" in name else KEPT
        yield Odd(f"JPEG with a profile {name}", body, answer)
        yield Odd(f"PNG with a profile {name}", png(profile_chunk(broken)), WRITTEN)
    whole = segment(0xE2, b"ICC_PROFILE\0\1\1" + sound)
    for name, parts in {"twice": whole * 2, "in part": segment(0xE2, b"ICC_PROFILE\0\1\2" + sound)}.items():
        yield Odd(f"JPEG with a profile {name}", before(jpeg(), 0xDB, parts), KEPT)


def _in_display_p3() -> Image.Image:
    meant = ImageCms.createProfile("sRGB")
    shown = scene()
    ImageCms.profileToProfile(shown, meant, profiles.opened(profiles.coloured()), inPlace=True)
    return shown


def _broken_jpegs() -> Iterator[Odd]:
    body, slow = jpeg(), jpeg(progressive=True)
    scans = [at for at in range(len(slow)) if slow.startswith(b"\xff\xda", at)]
    frame = body.index(b"\xff\xc0")
    files: dict[str, Sent] = {
        **{f"cut to {tenth}/10": body[: len(body) * tenth // 10] for tenth in range(1, 10)},
        **{f"without its last {n} bytes": body[: -2 - n] for n in (1, 2, 3, 20)},
        **{f"and progressive, cut before scan {n}": slow[:at] for n, at in enumerate(scans)},
        **{f"and progressive, cut inside scan {n}": slow[: at + 40] for n, at in enumerate(scans[1:])},
        "cut in half, with an end": lambda: body[: len(body) // 2] + EOI,
        "of 2,001 segments": lambda: before(body, 0xDB, segment(0xFE, b"") * 2001),
        "of 100,000 empty tables": lambda: before(body, 0xDB, b"\xff\xc4\0\2" * 100_000),
        "of tables without end": lambda: before(body, 0xDA, segment(0xC4, (b"\0\1" + bytes(16)) * 3600) * 3),
        "of 101 scans": lambda: many_scans(100, 64, 64),
        "with a start inside": lambda: before(body, 0xDB, SOI),
        "with a table of no length": lambda: before(body, 0xDB, b"\xff\xda\0\0"),
        "with two frames": lambda: before(body, 0xDA, _frame(0xC0)),
        "without a frame": lambda: without(body, 0xC0),
        "without quantisers": lambda: without(body, 0xDB),
        "without a scan": lambda: body[: body.index(b"\xff\xda")] + EOI,
        "of two components": lambda: body[: frame + 9] + b"\2" + body[frame + 10 :],
        "of 12 bits": twelve_bits,
        "of another process": lambda: body.replace(b"\xff\xc0", b"\xff\xc5"),
        "without lines": lambda: body[: frame + 5] + b"\0\0" + body[frame + 7 :],
        "with half a table": lambda: before(body, 0xDA, segment(0xDB, b"\0" + b"\1" * 20)),
        "of a start and fill bytes": lambda: SOI + b"\xff" * 100_000,
        "of starts": lambda: SOI * 50_000,
        "of an Exif block": lambda: SOI + segment(0xE1, _endless_exif()) + EOI,
    }
    for name, make in files.items():
        yield Odd(f"JPEG {name}", make, BROKEN)


def png(*chunks: bytes, depth: int = 8, colour: int = 2, rows: bytes = b"", behind: bytes = b"") -> bytes:
    """The scene, or these rows, as a PNG with further chunks before its pixels or behind them."""
    rows = rows or b"".join(b"\0" + scene().crop((0, y, SIZE[0], y + 1)).tobytes() for y in range(SIZE[1]))
    pixels = chunk(b"IDAT", zlib.compress(rows))
    return b"".join((PNG, header(depth, colour), *chunks, pixels, behind, chunk(b"IEND", b"")))


def header(depth: int = 8, colour: int = 2, width: int = SIZE[0], height: int = SIZE[1]) -> bytes:
    """What a PNG begins with."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def profile_chunk(profile: bytes) -> bytes:
    """A profile as a PNG holds it."""
    return chunk(b"iCCP", b"name\0\0" + zlib.compress(profile))


def damaged(sound: bytes) -> bytes:
    """A chunk whose checksum is wrong."""
    return sound[:-1] + bytes((sound[-1] ^ 1,))


def flat(depth: int, *levels: int) -> bytes:
    """Rows of one colour."""
    line = "".join(f"{level:0{depth}b}" for level in levels) * SIZE[0]
    return (b"\0" + int(line, 2).to_bytes(len(line) // 8, "big")) * SIZE[1]


def _pngs() -> Iterator[Odd]:
    bomb = zlib.compress(bytes(50_000_000), 9)
    turn = private_exif(3).tobytes().removeprefix(exif.BLOCK)
    upside_down = scene().rotate(180)
    for name, make in {
        "a profile packed in an unknown way": lambda: png(chunk(b"iCCP", b"a\0\1" + zlib.compress(SECRET))),
        "a profile that cannot be unpacked": lambda: png(chunk(b"iCCP", b"a\0\0" + SECRET)),
        "a profile without a name": lambda: png(chunk(b"iCCP", SECRET)),
        "an empty profile": lambda: png(chunk(b"iCCP", b"")),
        "a bomb for a profile": lambda: png(chunk(b"iCCP", b"a\0\0" + bomb)),
        "a damaged profile": lambda: png(damaged(profile_chunk(profiles.coloured()))),
        "a bomb for a text": lambda: png(chunk(b"zTXt", b"a\0\0" + bomb)),
        "a hundred bombs": lambda: png(chunk(b"iTXt", b"a\0\1\0\0\0" + bomb) * 100),
        "bombs behind its pixels": lambda: png(behind=chunk(b"zTXt", b"a\0\0" + bomb) * 9),
        "19,000 chunks": lambda: png(chunk(b"teSt", b"") * 19_000),
        "damaged words": lambda: png(damaged(chunk(b"tEXt", b"a\0" + SECRET))),
        "words behind its pixels": lambda: png(behind=chunk(b"tEXt", b"a\0" + SECRET)),
        "a piece of each byte of its pixels": lambda: _in_pieces(png()),
        "empty pieces of pixels": lambda: png(chunk(b"IDAT", b"") * 99),
        "an archive behind it": lambda: png() + b"PK" + SECRET,
        "no end": lambda: png()[:-12],
        "half an end": lambda: png()[:-5],
        "an Exif block that points at itself": lambda: png(chunk(b"eXIf", _endless_exif()[6:])),
        "a palette that it does not use": lambda: png(chunk(b"PLTE", bytes(range(9)))),
    }.items():
        yield Odd(f"PNG with {name}", make, WRITTEN)
    for kind in (
        b"pHYs",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"sBIT",
        b"tIME",
        b"tRNS",
        b"bKGD",
        b"hIST",
        b"acTL",
        b"fcTL",
        b"sPLT",
    ):
        yield Odd(f"PNG with a short {kind.decode()}", png(chunk(kind, b"\1")), WRITTEN)
    for name, make in {
        "before": lambda: png(chunk(b"eXIf", turn)),
        "behind": lambda: png(behind=chunk(b"eXIf", turn)),
    }.items():
        yield Odd(f"PNG told {name} its pixels to be upside down", make, WRITTEN, lambda: upside_down)
    moving = encoded(scene(), "PNG", save_all=True, append_images=[scene().rotate(90 * n) for n in (1, 2)] * 20)
    yield Odd("PNG that moves", lambda: moving, WRITTEN)
    yield from _transparent_pngs()


def _transparent_pngs() -> Iterator[Odd]:
    """One colour is transparent, of whatever depth: it is white then, and no other is."""
    for colour, depths, count in ((0, (1, 2, 4, 8, 16), 1), (2, (8, 16), 3)):
        for depth in depths:
            top = (1 << depth) - 1
            level = top // 3
            key, other = (struct.pack(f">{count}H", *[value] * count) for value in (level, level ^ 1))
            rows, grey_picture = flat(depth, *[level] * count), grey(level * 255 // top)
            for name, chunks, shown in (
                ("that colour", [chunk(b"tRNS", key)], white),
                ("a colour one step away", [chunk(b"tRNS", other)], grey_picture),
                ("a key that is too short", [chunk(b"tRNS", b"\1")], grey_picture),
                ("a damaged key", [damaged(chunk(b"tRNS", key))], grey_picture),
            ):
                make = png(*chunks, depth=depth, colour=colour, rows=rows)
                yield Odd(f"PNG of kind {colour}, {depth} bits, {name} transparent", make, WRITTEN, shown)
    for depth in (8, 16):
        for colour, levels in ((4, (1, 0)), (6, (1, 2, 3, 0))):
            rows = flat(depth, *levels)
            make = png(depth=depth, colour=colour, rows=rows)
            yield Odd(f"PNG of kind {colour}, {depth} bits, all transparent", make, WRITTEN, white)
    palette = chunk(b"PLTE", bytes((200, 0, 0, 90, 90, 90)))
    for depth in (1, 2, 4, 8):
        rows = flat(depth, 1)
        for name, alphas, shown in (
            ("a transparent colour", b"\xff\0", white),
            ("another transparent colour", b"\0", grey(90)),
            ("more transparency than colours", b"\0" * 40, white),
            ("no word on transparency", b"", grey(90)),
        ):
            make = png(palette, chunk(b"tRNS", alphas), depth=depth, colour=3, rows=rows)
            yield Odd(f"PNG of a palette, {depth} bits, {name}", make, WRITTEN, shown)


def _in_pieces(body: bytes) -> bytes:
    at = body.index(b"IDAT") - 4
    size = int.from_bytes(body[at : at + 4], "big")
    data = body[at + 8 : at + 8 + size]
    return body[:at] + b"".join(chunk(b"IDAT", data[n : n + 1]) for n in range(size)) + body[at + 12 + size :]


def _broken_pngs() -> Iterator[Odd]:
    body = png()
    at = body.index(b"IDAT")
    files: dict[str, Sent] = {
        **{f"cut to {tenth}/10": body[: len(body) * tenth // 10] for tenth in range(1, 10)},
        "of 21,000 chunks": lambda: png(chunk(b"teSt", b"") * 21_000),
        "of 100,000 frames": lambda: png(behind=chunk(b"fdAT", bytes(4)) * 100_000),
        "with a damaged header": lambda: PNG + damaged(header()) + body[33:],
        "without a header": lambda: PNG + body[33:],
        "with a long header": lambda: PNG + chunk(b"IHDR", body[16:29] + b"\0") + body[33:],
        "of a telephone": lambda: PNG + chunk(b"CgBI", b"\0\0\0\0") + body[8:],
        "of no width": lambda: PNG + header(width=0) + body[33:],
        "of an unknown depth": lambda: png(depth=5),
        "of an unknown kind": lambda: png(colour=5),
        "without a palette": lambda: png(colour=3, rows=flat(8, 1)),
        "without pixels": lambda: PNG + header() + chunk(b"IEND", b""),
        "with something between its pixels": lambda: (
            body[: at - 4]
            + chunk(b"IDAT", body[at + 4 : at + 60])
            + chunk(b"tEXt", SECRET)
            + chunk(b"IDAT", body[at + 60 : -16])
            + body[-12:]
        ),
        "of pixels that cannot be unpacked": lambda: body[: at + 4] + SECRET * 9 + body[at + 4 + 9 * 16 :],
        "with too few pixels": lambda: png(rows=bytes(500)),
    }
    for name, make in files.items():
        yield Odd(f"PNG {name}", make, BROKEN)
    yield Odd("PNG of 30,000 pixels a side", lambda: PNG + header(width=30_000, height=30_000) + body[33:], TOO_LARGE)


def _webps() -> Iterator[Odd]:
    plain = encoded(scene(), "WEBP", quality=95)
    source = encoded(scene(), "WEBP", lossless=True, exif=private_exif(1), xmp=SECRET)
    moving = encoded(scene(), "WEBP", lossless=True, save_all=True, append_images=[scene().rotate(180)] * 5, xmp=SECRET)
    clear = encoded(Image.new("RGBA", SIZE, (9, 9, 9, 0)), "WEBP", lossless=True)
    for title, sent, shown in (
        ("with losses", lambda: plain, scene),
        ("with words", lambda: source, scene),
        ("that moves", lambda: moving, scene),
        ("of nothing but transparency", lambda: clear, white),
        ("with an archive behind it", lambda: plain + b"PK" + SECRET, scene),
        ("with 19,000 chunks", lambda: webp(source, (b"none" + bytes(4)) * 19_000), scene),
        ("with an unknown chunk", lambda: webp(source, b"none\3\0\0\0" + SECRET[:4]), scene),
        ("with a broken profile", lambda: webp(source, b"ICCP\x10\0\0\0" + SECRET), scene),
    ):
        yield Odd(f"WebP {title}", sent, WRITTEN, shown)
    files: dict[str, Sent] = {
        **{f"cut to {tenth}/10": plain[: len(plain) * tenth // 10] for tenth in range(1, 10)},
        "of 21,000 chunks": lambda: webp(source, (b"none" + bytes(4)) * 21_000),
        "of a canvas": lambda: webp(source[:30]),
        "of a head": lambda: webp(source[:12]),
        "that promises more": lambda: plain[:4] + b"\xff\xff\xff\x0f" + plain[8:],
        "of 12 megapixels in 40 bytes": lambda: lossless_claim(4000, 3000),
    }
    for name, make in files.items():
        yield Odd(f"WebP {name}", make, BROKEN)
    yield Odd("WebP of 268 megapixels", lambda: lossless_claim(16_384, 16_384), TOO_LARGE)
    for name, body in {"sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40), "GIF": encoded(scene(), "GIF")}.items():
        yield Odd(f"a {name}", body, UNSUPPORTED)


def webp(body: bytes, *chunks: bytes) -> bytes:
    """The same with further chunks, and the length that fits."""
    body = b"".join((body, *chunks))
    return body[:4] + (len(body) - 8).to_bytes(4, "little") + body[8:]
