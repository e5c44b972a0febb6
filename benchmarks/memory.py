"""How much memory does predict take? Resident megabytes at rest, and the most under large photos.

Predict is laid out and started as in its image: one granian process and its worker with eight threads, the Dockerfile's
malloc settings, without the watchdog. Every row has a fresh one. `first` is what the two hold after their first answer
(a drawing; the model is loaded), `peak` the most they ever held until the photos were answered, `after` what they hold
when the last has been (VmRSS and VmHWM as Linux counts them; what the two share counts twice). `worker` is the worker's
part of the peak. Photos are drawings with the grain of a camera, in JPEG unless another type is named, sent one after
the other, or four at the same time, twelve in all; `s` is what all twelve took.
"""

import argparse
import tempfile
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import product
from pathlib import Path
from time import perf_counter

import psutil

from benchmarks.shared import deployed, report, visitors
from tests.support import servers, uploads

PHOTOS, AT_ONCE = 12, (1, 4)
OK = 200
LARGE = (7296, 5472)
"""Forty megapixels, less a little."""

Row = dict[str, object]


def main() -> None:
    """Measure, print the table, and keep the result."""
    options, before = _options(), report.conditions()
    with tempfile.TemporaryDirectory() as folder, servers.seaweedfs(Path(folder) / "store") as server:
        environment, calls = deployed.environment(Path(folder), server)
        environment |= dict(one.split("=", 1) for one in options.set)
        laid_out = deployed.laid_out("predict", Path(folder))
        photos = {name: body for name, body in _photos().items() if options.only in name}
        rows = [_row(laid_out, environment, calls["predict"], *case) for case in product(photos.items(), AT_ONCE)]
    report.table(rows)
    if not (options.only or options.set):
        report.keep("memory", __doc__, "seaweedfs", {**report.finished(before), "photos": PHOTOS, "megabytes": rows})


def _row(
    laid_out: Path, environment: dict[str, str], first: deployed.Call, photo: tuple[str, bytes], at_once: int
) -> Row:
    (name, body), port = photo, servers.free_ports(1)[0]
    report.say(f"{name}, {at_once} at once")
    with deployed.running(laid_out, environment, port) as process, ThreadPoolExecutor(at_once) as pool:
        deployed.until_it_answers(port, first)
        parts = [process, *process.children(recursive=True)]
        at_first, began = _held(parts), perf_counter()
        list(pool.map(_send, [port] * PHOTOS, [body] * PHOTOS))
        took, peaks = perf_counter() - began, [deployed.held(part, "VmHWM") for part in parts]
        after = _held(parts)
    megabytes = {"first": at_first, "peak": sum(peaks), "after": after, "worker": max(peaks)}
    return {
        "": name,
        "at once": at_once,
        **{what: round(value) for what, value in megabytes.items()},
        "s": round(took, 1),
    }


def _held(parts: list[psutil.Process]) -> float:
    return sum(deployed.held(part) for part in parts)


def _send(port: int, body: bytes) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=deployed.PATIENCE)
    connection.request("POST", "/", body, {"Content-Type": "application/octet-stream"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != OK:
        raise RuntimeError(f"{answer.status}: {body[:500]!r}")


def _photos() -> dict[str, bytes]:
    sizes = {"512 px": (512, 512), "12 MP": visitors.SIZES["12 MP"], "40 MP": LARGE}
    upright = {name: visitors.taken(size, sure=True, quality=80) for name, size in sizes.items()}
    turned = {
        f"{name} rotated": visitors.taken(sizes[name], sure=True, on_its_side=True, quality=80)
        for name in ("12 MP", "40 MP")
    }
    drawn = visitors.drawing(visitors.SIZES["12 MP"], sure=True)
    others = {
        "40 MP progressive": uploads.encoded(visitors.scene(LARGE, sure=True), quality=80, progressive=True),
        "12 MP PNG": uploads.encoded(drawn, "PNG"),
        "12 MP WebP": uploads.encoded(drawn, "WEBP", quality=80),
    }
    return {**upright, **turned, **others}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="photos with this in their name; keeps no result")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="in the environment; keeps no result"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
