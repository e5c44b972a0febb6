"""Loads a model as predict does and lets it answer pictures, in a process of its own: python -m … FOLDER.

The folder holds `model`, `card.json`, `limits.json` and the pictures; every step is a line of `steps.jsonl`, so that
whoever started this knows how far a process came that was killed. training/checks/sandbox.py starts it.
"""

import json
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from feedloop.adapters import pictures
from feedloop.classifiers import load_classifier
from feedloop.domain import cards
from feedloop.domain.cards import ModelCard
from feedloop.domain.errors import NoModel
from feedloop.ports import Classifier

MODEL, CARD, LIMITS, PICTURES, STEPS = "model", "card.json", "limits.json", "pictures", "steps.jsonl"
TWICE = 4
"""So many pictures are asked about twice."""
WriteStep = Callable[..., None]
_BATCH = 3
_KINDS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(double)": np.float64}


def main(folder: Path) -> None:
    """Write down how the model loads and what it answers."""
    limits = json.loads((folder / LIMITS).read_text())
    card, body = ModelCard(json.loads((folder / CARD).read_text())), (folder / MODEL).read_bytes()
    files = sorted((folder / PICTURES).iterdir())
    with (folder / STEPS).open("w", encoding="utf-8") as file:

        def write_step(**step: Any) -> None:  # noqa: ANN401 - a line of JSON
            file.write(json.dumps(step) + "\n")
            file.flush()

        try:
            _limit(limits)
            _answer(load_classifier(body, card), files, limits["answer_seconds"], write_step)
            if card.format == cards.ONNX:
                signal.setitimer(signal.ITIMER_REAL, limits["load_seconds"])
                write_step(batch=_batch_difference(body))
        except NoModel as error:
            write_step(refused=str(error))
        except MemoryError:
            write_step(memory=True)


def _limit(limits: dict[str, float]) -> None:
    """So much memory, Linux only; and no longer for the load: SIGALRM ends a process also inside the runtime."""
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (int(limits["memory"]), resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_REAL, limits["load_seconds"])


def _answer(classifier: Classifier, files: Sequence[Path], seconds: float, write_step: WriteStep) -> None:
    """Ask about every picture, and about the first ones twice."""
    write_step(loaded=True)
    for number, path in enumerate((*files, *files[:TWICE])):
        body = path.read_bytes()
        signal.setitimer(signal.ITIMER_REAL, seconds)
        start = time.perf_counter()
        answer = classifier.probabilities(pictures.normalise(body, preprocessing=classifier.preprocessing))
        took = 1000 * (time.perf_counter() - start)
        signal.setitimer(signal.ITIMER_REAL, 0)
        write_step(answer=answer, ms=took, again=number >= len(files))
    write_step(peak=_peak())


def _batch_difference(body: bytes) -> float | None:
    """How far any output of three images at once is from that of each alone; None where a file takes no batches."""
    if sys.platform == "linux":  # a second copy of the weights beside the first
        resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    session = ort.InferenceSession(body, options, providers=["CPUExecutionProvider"])
    (put,) = session.get_inputs()
    kind, sides = _KINDS.get(put.type), put.shape[1:]
    if kind is None or isinstance(put.shape[0], int) or not all(isinstance(side, int) for side in sides):
        return None
    images = np.random.default_rng(0).standard_normal((_BATCH, *sides)).astype(kind)
    floats = [one.name for one in session.get_outputs() if one.type in _KINDS]
    try:
        together = session.run(floats, {put.name: images})
        alone = [session.run(floats, {put.name: images[one : one + 1]}) for one in range(_BATCH)]
    except Exception:  # noqa: BLE001 - the runtime has many; predict sends no batches, so a file need not take them
        return None
    apart = [np.concatenate(parts) for parts in zip(*alone, strict=True)]
    if any(one.shape != other.shape for one, other in zip(together, apart, strict=True)):
        return None
    scale = max(1.0, *(float(np.abs(one).max()) for one in apart))
    return max(float(np.abs(one - other).max()) for one, other in zip(together, apart, strict=True)) / scale


def _peak() -> int:
    """Bytes that this process ever held; Linux's getrusage would count what its parent held before exec."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: bytes


if __name__ == "__main__":
    main(Path(sys.argv[1]))
