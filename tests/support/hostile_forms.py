"""Forms around a picture that no browser sends, each with the statuses that are a right answer."""

import gzip
from collections.abc import Iterator
from functools import partial

from tests.support.hostile import NO_PICTURE, TAKEN, TOO_LARGE, Hostile, photo

UNREADABLE = 400
_FORM = "multipart/form-data; boundary=x"
_MANY = 10_000
_NAMES = {
    "a way up": b"../../../etc/passwd",
    "a way up of another system": rb"..\..\boot.ini",
    "a zero": b"a\0.jpg",
    "reversed letters": "gpj.\u202eexe".encode(),
    "4,000 letters": b"a" * 4000,
    "a megabyte of letters": b"a" * 1_000_000,
    "no utf-8": b"\xff\xfe\xfd",
    "a markup": b"<img src=x onerror=alert(1)>.jpg",
    "an escaped quote": rb"a\"; name=\"b",
    "a percent": b"%s%n%00%2e%2e%2f",
    "an emoji": "\N{POT OF FOOD}.jpg".encode(),
}


def part(body: bytes, *, name: bytes = b"file", filename: bytes = b"a.jpg") -> bytes:
    """One file of a form."""
    head = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n' % (name, filename)
    return head + b"Content-Type: image/jpeg\r\n\r\n" + body + b"\r\n"


def forms() -> Iterator[Hostile]:
    """Every form of the corpus, and bodies whose headers lie."""
    for name, filename in _NAMES.items():
        yield _form(f"a name with {name}", part(photo(), filename=filename) + b"--x--\r\n", TAKEN, UNREADABLE)
    yield from _broken()
    yield from _odd()
    for content_type in ("image/png", "text/html", "application/x-www-form-urlencoded", "a" * 4000, "; ;", "image/*"):
        yield Hostile(f"sent as {content_type[:40]}", photo, (TAKEN,), content_type)
    for encoding in ("gzip", "deflate", "br", "gzip, gzip"):
        packed = partial(gzip.compress, photo(), mtime=0)
        yield Hostile(f"packed as {encoding}", packed, (NO_PICTURE,), encoding=encoding)
    yield Hostile("a packed bomb", partial(gzip.compress, bytes(100_000_000)), (NO_PICTURE,), encoding="gzip")


def _broken() -> Iterator[Hostile]:
    yield _form("no end", part(photo()), UNREADABLE)
    yield _form("cut inside the picture", part(photo())[:-400], UNREADABLE)
    yield _form("another boundary", part(photo()).replace(b"--x\r\n", b"--y\r\n"), UNREADABLE)
    yield _form("nothing", b"", UNREADABLE)
    yield _form("only an end", b"--x--\r\n", UNREADABLE)
    yield _form("a head without an end", b"--x\r\nContent-Disposition: " + b"a" * 9_000_000, UNREADABLE)
    yield _form("lines before the form", b"\r\n" * 4_000_000, UNREADABLE)
    yield _form("10,000 parts", part(b"a") * _MANY + b"--x--\r\n", UNREADABLE)
    yield _form("100,000 heads", b"--x\r\n" + b"A: b\r\n" * 100_000 + b"\r\na\r\n--x--\r\n", UNREADABLE)
    nested = b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    yield _form("forms within forms", nested * _MANY, UNREADABLE)
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=", f"{_FORM[:-1]}{'a' * 4000}"):
        body = partial(bytes, part(photo()) + b"--x--\r\n")
        yield Hostile(f"{content_type[:40]} without its boundary", body, (UNREADABLE,), content_type)


def _odd() -> Iterator[Hostile]:
    end = b"--x--\r\n"
    yield _form("two pictures", part(photo()) + part(photo("PNG")) + end, TAKEN)
    yield _form("a picture and nonsense", part(photo()) + part(b"?") + end, TAKEN)
    yield _form("nonsense and a picture", part(b"?") + part(photo()) + end, NO_PICTURE)
    yield _form("another field", part(photo(), name=b"picture") + end, UNREADABLE)
    yield _form("no file name", part(photo()).replace(b'; filename="a.jpg"', b"") + end, TAKEN)
    yield _form("an empty file", part(b"") + end, UNREADABLE)
    yield _form("text behind the form", part(photo()) + end + b"?" * 1000, TAKEN)
    yield _form("ten megabytes and a form", part(photo() + bytes(10_000_000)) + end, TOO_LARGE)
    yield _form("eleven megabytes", part(photo() + bytes(11_000_000)) + end, TOO_LARGE)
    yield _form("nineteen fields", part(b"a", name=b"b") * 19 + part(photo()) + end, TAKEN)


def _form(name: str, body: bytes, *statuses: int) -> Hostile:
    return Hostile(f"form: {name}", partial(bytes, body), statuses, _FORM)
