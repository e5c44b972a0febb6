"""Uploads that nobody sends by accident: over 300 files and forms, made on the spot, the same on every run.

Each knows which statuses are a right answer to it. A mutant may be a picture still, or not.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from random import Random
from zipfile import ZipFile

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.support.mutants import PNG, chunk, mutant, segment
from tests.support.uploads import SECRET, encoded, private_exif, scene

TAKEN, TOO_LARGE, NO_PICTURE, BROKEN = 200, 413, 415, 422
ANY = (TAKEN, 400, TOO_LARGE, NO_PICTURE, BROKEN)
_MEGA = 1_000_000
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class Hostile:
    """One request; its body is made when it is sent."""

    name: str
    make: Callable[[], bytes]
    statuses: tuple[int, ...]
    content_type: str = "application/octet-stream"
    encoding: str = ""

    def headers(self) -> dict[str, str]:
        coded = {"Content-Encoding": self.encoding} if self.encoding else {}
        return {"Content-Type": self.content_type, **coded}


def files() -> list[Hostile]:
    """Every file of the corpus, forms aside."""
    return [*_strangers(), *_cut(), *_mutants(), *_bombs(), *_sizes(), *_tails(), *_colours()]


@cache
def photo(kind: str = "JPEG", orientation: int = 6) -> bytes:
    """A small picture with all that a phone writes besides."""
    return encoded(scene(), kind, exif=private_exif(orientation), xmp=SECRET, comment=SECRET)


@cache
def archive() -> bytes:
    """A ZIP file with a page in it."""
    file = BytesIO()
    with ZipFile(file, "w") as packed:
        packed.writestr("index.html", b"<script>alert(1)</script>" + SECRET)
    return file.getvalue()


def png(*chunks: bytes, width: int = 32, height: int = 32, colour: int = 2) -> bytes:
    """A PNG with further chunks before its black pixels."""
    rows = zlib.compress(bytes(height * (1 + 3 * width)) if width * height < _MEGA else bytes(99))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
    return b"".join((PNG, head, *chunks, chunk(b"IDAT", rows), chunk(b"IEND", b"")))


def _strangers() -> Iterator[Hostile]:
    others = {kind: partial(encoded, scene(), kind) for kind in ("GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "PCX")}
    words = {
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "html": b"<!doctype html><script>alert(1)</script>",
        "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99999 99999\n{} loop",
        "fits": b"SIMPLE  =                    T".ljust(2880),
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(400),
        "avif": b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(400),
        "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(400),
        "jpeg xl": b"\xff\x0a" + bytes(400),
        "video": b"\0\0\0\x18ftypmp42" + bytes(400),
        "sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(400),
        "program": b"\x7fELF" + bytes(400),
        "archive": archive(),
        "script": b"#!/bin/sh\nrm -rf /\n",
        "gif and script": b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)",
        "gif before jpeg": b"GIF89a" + photo(),
        "space before jpeg": b" " + photo(),
        "text": "Fünf Äpfel\u202e".encode(),
        "one byte": b"\xff",
        "zeros": bytes(_MEGA),
    }
    noise = {f"noise {seed}": partial(Random(seed).randbytes, 4000) for seed in range(10)}
    starts = (_SOI, _SOI + b"\xff", _SOI + _EOI, PNG, b"RIFF", b"RIFF\xff\xff\xff\xffWEBP", b"RIFF\x04\0\0\0WEBPVP8 ")
    bare = {f"only a start {number}": partial(bytes, start) for number, start in enumerate(starts)}
    for name, make in {**others, **{name: partial(bytes, body) for name, body in words.items()}, **noise}.items():
        yield Hostile(name, make, (NO_PICTURE, BROKEN) if name == "sound" else (NO_PICTURE,))
    for name, make in bare.items():
        yield Hostile(name, make, (NO_PICTURE, BROKEN))


@cache
def wholes() -> dict[str, bytes]:
    """Sound pictures of every shape, to be damaged."""
    two = encoded(scene(), "MPO", save_all=True, append_images=[scene().rotate(180)])
    moving = {"save_all": True, "append_images": [scene().rotate(90 * turn) for turn in (1, 2, 3)]}
    return {
        "jpeg": photo("JPEG", 1),
        "turned jpeg": photo(),
        "progressive": encoded(scene(), progressive=True),
        "restarts": encoded(scene().convert("CMYK"), restart_marker_rows=1),
        "two pictures": two,
        "png": photo("PNG"),
        "moving png": encoded(scene(), "PNG", **moving),
        "webp": photo("WEBP"),
        "lossless webp": encoded(scene().convert("RGBA"), "WEBP", lossless=True),
        "moving webp": encoded(scene(), "WEBP", **moving),
    }


def _cut() -> Iterator[Hostile]:
    """Every twentieth of a file; where a moving or double picture is cut, the first may be whole already."""
    for name, whole in wholes().items():
        statuses = (BROKEN, TAKEN) if name in ("two pictures", "moving png", "png") else (BROKEN,)
        for part in range(1, 20):
            body = whole[: max(4, len(whole) * part // 20)]
            yield Hostile(f"{name} cut to {part}/20", partial(bytes, body), statuses)


def _mutants() -> Iterator[Hostile]:
    for name, whole in wholes().items():
        for seed in range(12):
            yield Hostile(f"{name} mutant {seed}", partial(mutant, whole, Random(f"{name} {seed}")), ANY)


def _bombs() -> Iterator[Hostile]:
    zeros, tiny = zlib.compress(bytes(50 * _MEGA), 9), encoded(scene())
    text = chunk(b"zTXt", b"a\0\0" + zeros)
    thousand = [Image.new("RGB", (16, 16), (shade % 256, shade // 256, 0)) for shade in range(1000)]
    moving = {"save_all": True, "append_images": thousand, "duration": 1}
    head, rest = tiny[:2], tiny[2:]
    endless = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHLL", 0x8769, 4, 1, 8) * 5000
    profile = b"".join(segment(0xE2, b"ICC_PROFILE\0" + bytes((n, 255)) + bytes(9000)) for n in range(1, 256))
    comments = segment(0xFE, SECRET) * 100_000
    for name, statuses, make in (
        ("png of 900 megapixels", (TOO_LARGE,), lambda: png(width=30_000, height=30_000)),
        ("png of 2^31 pixels a side", (TOO_LARGE, BROKEN), lambda: png(width=2**31 - 1, height=2**31 - 1)),
        ("png with a bomb for a text", (TAKEN, BROKEN), lambda: png(text)),
        ("png with a hundred bombs", (TAKEN, BROKEN), lambda: png(text * 100)),
        ("png with a bomb for a profile", (TAKEN, BROKEN), lambda: png(chunk(b"iCCP", b"a\0\0" + zeros))),
        ("png with too many pixels inside", (TAKEN, BROKEN), lambda: png(chunk(b"IDAT", zeros))),
        ("png with a bomb behind its pixels", (TAKEN, BROKEN), lambda: png()[:-12] + text * 20 + png()[-12:]),
        ("png of 100,000 chunks", (BROKEN,), lambda: png(chunk(b"tIME", bytes(7)) * 100_000)),
        ("png with an endless exif", (TAKEN,), lambda: png(chunk(b"eXIf", endless[6:]))),
        ("png of 12 megapixels", (TAKEN,), lambda: encoded(_large("RGBA", 12), "PNG", exif=private_exif(5))),
        ("png that moves 1,000 times", (TAKEN,), lambda: encoded(scene(16, 16), "PNG", **moving)),
        ("webp of 268 megapixels", (TOO_LARGE,), lambda: lossless_claim(16_384, 16_384)),
        ("webp of 12 megapixels in 40 bytes", (BROKEN,), lambda: lossless_claim(4000, 3000)),
        ("webp of 12 megapixels", (TAKEN,), lambda: encoded(_large("RGBA", 12), "WEBP", lossless=True, method=0)),
        ("webp that moves 1,000 times", (TAKEN,), lambda: encoded(scene(16, 16), "WEBP", **moving)),
        ("jpeg of 4,290 megapixels", (TOO_LARGE,), lambda: _claiming(tiny, 65_500, 65_500)),
        ("jpeg of 40 megapixels in 700 bytes", (BROKEN,), lambda: _claiming(tiny, 8000, 5000)),
        ("jpeg without a height", (BROKEN,), lambda: _claiming(tiny, 64, 0)),
        ("jpeg of 40 megapixels, turned", (TAKEN,), lambda: _turned("RGB", 40)),
        ("jpeg of 30 megapixels in four inks", (TAKEN,), lambda: _turned("CMYK", 30)),
        ("jpeg of 24 scans", (TAKEN,), lambda: many_scans(23)),
        ("jpeg of 60 scans", (BROKEN,), lambda: many_scans(60)),
        ("jpeg of 1,000 scans", (BROKEN,), lambda: many_scans(1000)),
        ("jpeg of 100,000 comments", (BROKEN,), lambda: head + comments + rest),
        ("jpeg with an endless exif", (TAKEN,), lambda: head + segment(0xE1, endless) + rest),
        ("jpeg with 100 exif blocks", (TAKEN,), lambda: head + segment(0xE1, endless) * 100 + rest),
        ("jpeg with a profile of 2 MB", (TAKEN,), lambda: head + profile + rest),
        ("jpeg of fill bytes", (TAKEN,), lambda: head + b"\xff" * 9 * _MEGA + rest),
        ("jpeg of stray bytes", (TAKEN,), lambda: head + segment(0xFE, b"") + bytes(9 * _MEGA) + rest),
        ("jpeg within a jpeg", (TAKEN, BROKEN), lambda: head + tiny + rest),
        ("jpeg of starts", (BROKEN,), lambda: _SOI * 4 * _MEGA + _EOI),
    ):
        yield Hostile(name, make, statuses)


def _large(mode: str, megapixels: int) -> Image.Image:
    return Image.new(mode, (megapixels * 250, 4000))


def _turned(mode: str, megapixels: int) -> bytes:
    """The JPEG that takes most memory: all coefficients are kept until its last scan, then it is turned."""
    return encoded(_large(mode, megapixels), exif=private_exif(6), subsampling=0, progressive=True)


def lossless_claim(width: int, height: int) -> bytes:
    """Forty bytes that ask for a whole canvas."""
    pixels = b"VP8L" + struct.pack("<IBI", 20, 0x2F, (width - 1) | (height - 1) << 14) + bytes(15)
    return b"RIFF" + struct.pack("<I", 4 + len(pixels)) + b"WEBP" + pixels


def _claiming(jpeg: bytes, width: int, height: int) -> bytes:
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def many_scans(count: int, width: int = 8000, height: int = 5000) -> bytes:
    """A progressive JPEG that says many times that nothing is to be added; each time costs a walk over all pixels."""
    blocks = (width // 8) * (height // 8)
    run = int("011111111111111" * 8, 2).to_bytes(15, "big").replace(b"\xff", b"\xff\0")  # 8 times 32,767 empty blocks
    tables = segment(0xC4, b"\0\1" + bytes(16)) + segment(0xC4, b"\x10\1" + bytes(15) + b"\xe0")
    frame = segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    first = segment(0xDA, b"\1\1\0\0\0\0") + bytes(blocks // 8 + 1)
    more = (segment(0xDA, b"\1\1\0\1\x3f\0") + run * (blocks // (8 * 32_767) + 1)) * count
    return _SOI + segment(0xDB, b"\0" + b"\1" * 64) + frame + tables + first + more + _EOI


def _sizes() -> Iterator[Hostile]:
    for width, height, statuses in (
        (1, 1, (BROKEN,)),
        (15, 900, (BROKEN,)),
        (900, 15, (BROKEN,)),
        (16, 16, (TAKEN,)),
        (65_500, 16, (TAKEN,)),
        (16, 65_500, (TAKEN,)),
    ):
        for kind in ("JPEG", "PNG"):
            make = partial(encoded, Image.new("L", (width, height), 9), kind)
            yield Hostile(f"{kind} of {width} x {height}", make, statuses)
    yield Hostile("PNG that no JPEG can hold", lambda: encoded(Image.new("L", (65_501, 16)), "PNG"), (TOO_LARGE,))
    yield Hostile("nothing", bytes, (400,))
    yield Hostile("ten megabytes and a byte", lambda: photo() + bytes(10 * _MEGA), (TOO_LARGE,))


def _tails() -> Iterator[Hostile]:
    """A picture, and something else behind its end: the picture counts, the tail goes."""
    tails = {
        "an archive": archive(),
        "a page": b"<script>alert(1)</script>" + SECRET,
        "a video": b"\0\0\0\x18ftypmp42" + SECRET * 1000,
        "a second picture": encoded(scene(), exif=private_exif(1)),
        "another end": SECRET + _EOI,
    }
    for kind in ("JPEG", "PNG", "WEBP"):
        for orientation in (1, 6):
            for name, tail in tails.items():
                make = partial(bytes, photo(kind, orientation) + tail)
                yield Hostile(f"{kind} held as {orientation} with {name} behind", make, (TAKEN,))


def _colours() -> Iterator[Hostile]:
    inside, words = scene().quantize(8), PngInfo()
    words.add_text("GPS", SECRET.decode(), zip=True)
    for name, make in {
        "half transparent palette": partial(encoded, inside, "PNG", transparency=bytes(range(8))),
        "sixteen bits": partial(encoded, Image.new("I;16", (40, 40), 999), "PNG", pnginfo=words),
        "two levels": partial(encoded, scene().convert("1"), "PNG"),
        "grey and alpha": partial(encoded, scene().convert("LA"), "PNG", exif=private_exif(6)),
        "four inks": partial(encoded, scene().convert("CMYK"), exif=private_exif(6)),
        "a profile of nonsense": partial(encoded, scene(), icc_profile=SECRET[:4] * 9000),
        "a png's profile of nonsense": partial(encoded, scene(), "PNG", icc_profile=b"RGB " * 9000),
    }.items():
        yield Hostile(name, make, (TAKEN,))
