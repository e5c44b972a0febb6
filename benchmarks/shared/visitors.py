"""Pictures as phones send them, and visitors who upload them over loopback."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import product
from random import Random
from secrets import token_hex
from statistics import median
from threading import Thread

from PIL import Image, ImageChops

from local import processes
from tests.local.system import System
from tests.support import uploads
from training.data.drawings import draw
from training.data.outliers import clouds

SIZES = {"512 px": (512, 512), "2 MP": (1632, 1224), "12 MP": (4000, 3000)}
ROTATED = "12 MP rotated"
GRAIN, QUALITY, ON_ITS_SIDE = 6, 88, 6
WARM_UPS = 24
OK = 200


@dataclass(frozen=True, slots=True)
class Case:
    """A picture, and what becomes of it."""

    size: str
    sure: bool
    body: bytes
    keyed: bool = False

    @property
    def name(self) -> str:
        return f"{self.size}, {'sure' if self.sure else 'unsure'}{', with a key' if self.keyed else ''}"

    @property
    def headers(self) -> dict[str, str]:
        key = {"Idempotency-Key": token_hex(16)} if self.keyed else {}
        return {"Content-Type": "image/jpeg", **key}


@dataclass(slots=True)
class Visitor:
    """Somebody who uploads over one connection, and keeps what it took."""

    port: int
    took: list[float] = field(default_factory=list)
    errors: int = 0
    connection: HTTPConnection | None = None

    def predict(self, case: Case) -> None:
        """One prediction; anything but the expected answer is an error."""
        began = time.perf_counter()
        try:
            status, body = self.call("predict", case)
            right = status == OK and json.loads(body)["low_confidence"] is not case.sure
        except (OSError, HTTPException):
            self.connection, right = None, False
        self.took.append(time.perf_counter() - began)
        self.errors += not right

    def call(self, function: str, case: Case) -> tuple[int, bytes]:
        """The status and body of one answer."""
        self.connection = self.connection or HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.connection.request("POST", f"/function/{function}", case.body, case.headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def stay(self, case: Case, end: float) -> None:
        """Upload until it is time to go."""
        while time.perf_counter() < end:
            self.predict(case)
        if self.connection:
            self.connection.close()


def window(running: System, case: Case, clients: int, seconds: float) -> dict[str, float]:
    """What so many visitors meet within a time, each on a new connection, and what it costs whom."""
    before, own, began = _cpu(running), time.process_time(), time.perf_counter()
    visitors = [Visitor(running.port) for _ in range(clients)]
    threads = [Thread(target=visitor.stay, args=(case, began + seconds)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, took = time.perf_counter() - began, [one for visitor in visitors for one in visitor.took]
    own, after = time.process_time() - own, _cpu(running)
    spent = {f"{part} CPU ms": 1000 * (after[part] - before[part]) / len(took) for part in after}
    return {
        "p50 ms": 1000 * median(took),
        "answers/s": len(took) / wall,
        "errors": sum(visitor.errors for visitor in visitors),
        **spent,
        "load CPU ms": 1000 * own / len(took),
        "load share": own / wall,
    }


def warm_up(running: System) -> None:
    """Every worker loads its model; each connection may meet another one."""
    clear = Case("drawing", sure=True, body=uploads.clear_upload())
    for _ in range(WARM_UPS):
        Visitor(running.port).predict(clear)


def cases() -> Iterator[Case]:
    """Every size, sure and unsure; the smallest also with an Idempotency-Key."""
    for (size, pixels), sure in product(SIZES.items(), (True, False)):
        yield Case(size, sure, taken(pixels, sure=sure))
    for sure in (True, False):
        yield Case(ROTATED, sure, taken(SIZES["12 MP"], sure=sure, on_its_side=True))
    yield Case("512 px", sure=True, body=taken(SIZES["512 px"], sure=True), keyed=True)


def taken(size: tuple[int, int], *, sure: bool, on_its_side: bool = False, quality: int = QUALITY) -> bytes:
    """A photo: a drawing with the grain of a camera, and if wanted with an orientation to be followed."""
    photo = scene(size, sure=sure)
    if not on_its_side:
        return uploads.encoded(photo, quality=quality)
    turned = photo.transpose(Image.Transpose.ROTATE_90)
    return uploads.encoded(turned, quality=quality, exif=uploads.private_exif(ON_ITS_SIDE))


def scene(size: tuple[int, int], *, sure: bool) -> Image.Image:
    """What the camera sees: the demonstration model is sure about it, or not."""
    grain = Image.merge("RGB", [Image.effect_noise(size, GRAIN)] * 3)
    return ImageChops.add(drawing(size, sure=sure), grain, 1, -128)


def drawing(size: tuple[int, int], *, sure: bool) -> Image.Image:
    """The same without grain."""
    drawn = draw("Rice", Random(2)) if sure else clouds(Random(1))  # noqa: S311 - the same pictures every time
    return drawn.resize(size, Image.Resampling.BICUBIC)


def _cpu(running: System) -> dict[str, float]:
    """Seconds that each part has used."""
    spent = {part: processes.running(running.data_dir, part) for part in ("gateway", "store")}
    return {part: sum(sum(process.cpu_times()[:2]) for process in found) for part, found in spent.items()}
