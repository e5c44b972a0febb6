"""A model in a process of its own, with a limit of memory and time: whatever it does, we go on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from feedloop.domain.cards import ModelCard
from feedloop.domain.documents import Document, dump
from feedloop.domain.errors import ModelRefused
from feedloop.ports import Picture
from training.checks import smoke_test

LOAD_SECONDS = 120.0
ANSWER_SECONDS = 10.0
"""For one picture: predict's calls end after twenty."""

_ROOT = Path(__file__).parents[2]
_KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
"""What the process gets of our environment: no address and no key."""
_NO_MEMORY = ("bad_alloc", "Failed to allocate", "MemoryError")


@dataclass(frozen=True, slots=True)
class SmokeTest:
    """How a model did: per picture its probabilities and milliseconds, and the most bytes that the process held.

    `again` has the answers to the first pictures, asked a second time; `batch` says how far images together are from
    each alone, as a share of the largest output, and is None where a file takes no batches.
    """

    answers: tuple[tuple[float, ...], ...]
    again: tuple[tuple[float, ...], ...]
    milliseconds: tuple[float, ...]
    peak: int
    batch: float | None


def run(model: bytes, card: ModelCard, pictures: Sequence[Picture], *, memory_limit: int) -> SmokeTest:
    """Load a model as predict does and let it answer pictures. Raises ModelRefused, also when its process dies."""
    with TemporaryDirectory(prefix="feedloop-check-") as name:
        folder = Path(name)
        limits = {"memory": memory_limit, "load_seconds": LOAD_SECONDS, "answer_seconds": ANSWER_SECONDS}
        (folder / smoke_test.MODEL).write_bytes(model)
        (folder / smoke_test.CARD).write_bytes(dump(card.document))
        (folder / smoke_test.LIMITS).write_bytes(dump(limits))
        (folder / smoke_test.PICTURES).mkdir()
        for number, picture in enumerate(pictures):
            (folder / smoke_test.PICTURES / f"{number:06d}").write_bytes(picture.jpeg)
        ended = _start(folder)
        file = folder / smoke_test.STEPS
        steps = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    answered = [step for step in steps if "answer" in step]
    peak = next((step["peak"] for step in steps if "peak" in step), 0)
    if not peak:  # the process ended before every picture was answered
        raise _refusal(ended, steps, memory_limit)
    return SmokeTest(
        answers=tuple(tuple(step["answer"]) for step in answered if not step["again"]),
        again=tuple(tuple(step["answer"]) for step in answered if step["again"]),
        milliseconds=tuple(step["ms"] for step in answered),
        peak=peak,
        batch=next((step["batch"] for step in steps if "batch" in step), None),
    )


def _start(folder: Path) -> "subprocess.CompletedProcess[str]":
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    path = os.pathsep.join([str(_ROOT), *filter(None, sys.path)])
    return subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", smoke_test.__name__, str(folder)],
        env={**kept, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _refusal(ended: "subprocess.CompletedProcess[str]", steps: Sequence[Document], memory_limit: int) -> ModelRefused:
    """Why the process ended early, from its last steps and how it ended."""
    last: Document = steps[-1] if steps else {}
    loaded = any("loaded" in step for step in steps)
    where = f"at picture {sum('answer' in step for step in steps) + 1}" if loaded else "while it was loaded"
    if "refused" in last and not any(sign in last["refused"] for sign in _NO_MEMORY):
        check = "answers" if loaded else "load"
        return ModelRefused(check, f"predict cannot serve this model ({where}): {last['refused']}")
    if "refused" in last or "memory" in last or ended.returncode == -signal.SIGKILL:
        return ModelRefused(
            "memory",
            f"The model needs more than {mebibytes(memory_limit)} {where}: more than predict may take (PREDICT_MEMORY),"
            " and than a file of this size should. Choose a smaller model.",
        )
    if ended.returncode == -signal.SIGALRM:
        limit = (
            f"An answer took more than {ANSWER_SECONDS:g} s" if loaded else f"Loading took more than {LOAD_SECONDS:g} s"
        )
        return ModelRefused("time", f"{limit} ({where}), and a call of predict ends after 20. Choose a smaller model.")
    if ended.returncode < 0:
        name = signal.Signals(-ended.returncode).name
        return ModelRefused(
            "crash", f"The model ended its process by {name} {where}. Export it again, or with another opset."
        )
    complaint = ended.stderr.strip().splitlines()[-1:] or ["nothing was written"]
    return ModelRefused("load", f"The process that tried the model failed {where}: {complaint[0]}")


def mebibytes(size: int) -> str:
    """A size as PREDICT_MEMORY takes it, rounded up."""
    return f"{-(-size // 2**20)}Mi"
