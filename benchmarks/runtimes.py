"""Which runtime should serve the model? Time, start, size and memory of each, at equal answers.

Each runtime answers the same pixels in a process of its own, on one thread; the processes take turns at every
picture, so that a busy machine disturbs all of them alike. A runtime counts only when no probability differs from
the reference by more than 1e-4 (torch for MobileNetV2, ONNX's own reference for the demonstration model).
MobileNetV2 has random weights, made sharp and with the statistics of drawings. What is not installed is left out;
torch and onnx (requirements/train.txt) are needed. Takes about two minutes.
"""
# ruff: noqa: PLC0415 - each process imports its own runtime

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module, metadata, util
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "runtimes.json"
DEMO = ROOT / "models" / "demo"
PICTURES, TURNS, STARTS = 48, 300, 3
SAME = 1e-4

Floats = NDArray[np.float32]
Answer = Callable[[Floats], Any]


def _onnxruntime(model: Path) -> Answer:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda pixels: session.run(None, {name: pixels})[0]


def _openvino(model: Path, **chosen: str) -> Answer:
    openvino = import_module("openvino")

    plan = {"INFERENCE_NUM_THREADS": "1", "NUM_STREAMS": "1", "PERFORMANCE_HINT": "LATENCY", **chosen}
    request = openvino.Core().compile_model(model, "CPU", plan).create_infer_request()
    return lambda pixels: request.infer([pixels], share_inputs=True)[0]


def _openvino_fp32(model: Path) -> Answer:
    return _openvino(model, INFERENCE_PRECISION_HINT="f32")


def _opencv(model: Path) -> Answer:
    cv2 = import_module("cv2")

    cv2.setNumThreads(1)
    network = cv2.dnn.readNetFromONNX(str(model))

    def answer(pixels: Floats) -> object:
        network.setInput(pixels)
        return network.forward()

    return answer


def _torch(model: Path) -> Answer:
    import torch
    from torchvision.models import mobilenet_v2

    torch.set_num_threads(1)
    network = mobilenet_v2(num_classes=11)
    network.load_state_dict(torch.load(model.with_suffix(".pt"), weights_only=True))
    network.eval()

    def answer(pixels: Floats) -> object:
        with torch.inference_mode():
            return torch.softmax(network(torch.from_numpy(pixels)), 1).numpy()

    return answer


RUNTIMES: dict[str, tuple[str, Callable[[Path], Answer]]] = {
    "onnxruntime": ("onnxruntime", _onnxruntime),
    "openvino fp32": ("openvino", _openvino_fp32),
    "openvino as it comes": ("openvino", _openvino),
    "opencv": ("opencv-python-headless", _opencv),
    "torch": ("torchvision", _torch),
}
"""The package that each needs, and what loads a model."""

MODULES = {"opencv-python-headless": "cv2"}


class Runner:
    """A runtime in a process of its own."""

    def __init__(self, name: str, model: Path) -> None:
        command = [sys.executable, __file__, "--serve", name, str(model)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.started = self._read()

    def ask(self, number: int) -> dict[str, Any]:
        """Milliseconds for one picture, and the answer."""
        if self._process.stdin:
            self._process.stdin.write(f"{number}\n")
            self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.communicate()

    def _read(self) -> dict[str, Any]:
        return dict(json.loads(self._process.stdout.readline())) if self._process.stdout else {}


def serve(name: str, model: Path) -> None:
    """Answer pictures by their number, one line each, until nobody asks any more."""
    pixels, before = np.load(model.with_suffix(".npy")), _memory()
    began = time.perf_counter()
    answer = RUNTIMES[name][1](model)
    answer(pixels[:1])
    start: dict[str, object] = {"start": time.perf_counter() - began, "memory": _memory() - before}
    print(json.dumps(start), flush=True)
    for line in sys.stdin:
        one = pixels[int(line)][None]
        began = time.perf_counter()
        found = answer(one)
        took = time.perf_counter() - began
        print(json.dumps({"ms": 1000 * took, "answer": np.asarray(found)[0].tolist()}), flush=True)


def _memory() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Measure, print a table, and write the result beside this script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--make", type=Path, metavar="FOLDER", help="only write the MobileNetV2, to measure it elsewhere"
    )
    parser.add_argument("--serve", nargs=2, metavar=("RUNTIME", "MODEL"), help="used by the script itself")
    options = parser.parse_args()
    if options.serve:
        serve(options.serve[0], Path(options.serve[1]))
        return
    if not util.find_spec("torch") or not util.find_spec("onnx"):
        print("The reference needs torch and onnx: run it with the packages of requirements/train.txt.")
        return
    if options.make:
        print(_mobilenet(options.make))
        return
    with tempfile.TemporaryDirectory() as folder:
        models = {"MobileNetV2, 224 px": _mobilenet(Path(folder)), "demonstration": _demo(Path(folder))}
        result = {name: measure(model) for name, model in models.items()}
    _print(result)
    report = {"method": " ".join((__doc__ or "").split()), "cores": os.cpu_count(), "versions": _versions()}
    RESULT.write_text(json.dumps({**report, "models": result}, indent=1) + "\n")


def measure(model: Path) -> dict[str, dict[str, object]]:
    """What each installed runtime costs for one model, and how far its answers are from the reference."""
    found = [name for name in RUNTIMES if _can_serve(name, model)]
    starts: dict[str, list[dict[str, float]]] = {name: [] for name in found}
    for name in found * STARTS:
        runner = Runner(name, model)
        starts[name].append(runner.started)
        runner.close()
    with ExitStack() as stack:
        runners = {name: Runner(name, model) for name in found}
        for runner in runners.values():
            stack.callback(runner.close)
        answers = {name: [runner.ask(n)["answer"] for n in range(PICTURES)] for name, runner in runners.items()}
        spent = _take_turns(runners)
    wanted = np.load(model.with_name(f"{model.stem}-wanted.npy"))
    rows = {name: _row(name, spent[name], starts[name], np.array(answers[name]), wanted) for name in found}
    return {name: {"times the first": _ratio(spent[name], spent[found[0]]), **row} for name, row in rows.items()}


def _take_turns(runners: dict[str, Runner]) -> dict[str, list[float]]:
    spent: dict[str, list[float]] = {name: [] for name in runners}
    for turn in range(TURNS):
        for name, runner in runners.items():
            spent[name].append(runner.ask(turn % PICTURES)["ms"])
    return spent


def _ratio(spent: list[float], first: list[float]) -> float:
    """The median over turns: what disturbs a turn disturbs both."""
    return round(median(one / other for one, other in zip(spent, first, strict=True)), 2)


def _row(
    name: str, spent: list[float], starts: list[dict[str, float]], answers: Floats, wanted: Floats
) -> dict[str, object]:
    difference = float(np.abs(answers - wanted).max())
    return {
        "forward ms": round(median(spent), 2),
        "fastest ms": round(min(spent), 2),
        "import and load s": round(median(each["start"] for each in starts), 2),
        "memory MB": round(median(each["memory"] for each in starts)),
        "installed MB": round(_installed(RUNTIMES[name][0])),
        "max |dp|": float(f"{difference:.1e}"),
        "same class": float((answers.argmax(1) == wanted.argmax(1)).mean()),
        "counts": difference <= SAME,
    }


def _can_serve(name: str, model: Path) -> bool:
    package = RUNTIMES[name][0]
    here = util.find_spec(MODULES.get(package, package)) is not None
    return here and (name != "torch" or model.with_suffix(".pt").exists())


def _mobilenet(folder: Path) -> Path:
    """Random weights whose normalisation knows the drawings, and whose answers are sharp."""
    import torch
    from torchvision.models import mobilenet_v2

    torch.manual_seed(4)
    torch.set_num_threads(1)
    pixels, network = torch.from_numpy(_pixels(224)), mobilenet_v2(num_classes=11, dropout=0)
    for part in network.modules():
        part.momentum = None  # of a normalisation: all batches count alike
    with torch.no_grad():
        for _ in range(12):
            network(pixels[torch.randperm(PICTURES)[:16]])
        network.eval()
        network.classifier[1].weight *= 3 / network(pixels).std(0).mean()
        network.classifier[1].bias -= network(pixels).mean(0)
        wanted = torch.softmax(network(pixels), 1).numpy()
    model = folder / "mobilenet.onnx"
    torch.save(network.state_dict(), model.with_suffix(".pt"))
    whole = torch.nn.Sequential(network, torch.nn.Softmax(1)).eval()
    torch.onnx.export(whole, (pixels[:1],), model, input_names=["pixels"], opset_version=18, dynamo=False)
    return _with(model, pixels.numpy(), wanted)


def _demo(folder: Path) -> Path:
    from onnx.reference import ReferenceEvaluator

    card = json.loads((DEMO / "card.json").read_text())
    pixels = _pixels(card["input"]["size"])
    model = folder / "demo.onnx"
    model.write_bytes((DEMO / "model.onnx").read_bytes())
    reference = ReferenceEvaluator(str(model))
    runs: list[Any] = [reference.run(None, {reference.input_names[0]: one[None]}) for one in pixels]
    return _with(model, pixels, np.array([answers[0][0] for answers in runs]))


def _with(model: Path, pixels: Floats, wanted: Floats) -> Path:
    np.save(model.with_suffix(".npy"), pixels)
    np.save(model.with_name(f"{model.stem}-wanted.npy"), wanted)
    return model


def _pixels(size: int) -> Floats:
    """Drawings and clouds as predict would show them: n x 3 x size x size."""
    sys.path.insert(0, str(ROOT))
    from training.data.drawings import CLASSES, draw
    from training.data.outliers import clouds

    rng = Random(4)  # noqa: S311 - the same pictures every time
    images = [draw(rng.choice([*CLASSES]), rng) if n % 2 else clouds(rng) for n in range(PICTURES)]
    rows = np.stack([np.asarray(image.convert("RGB").resize((size, size)), np.float32) for image in images])
    return np.ascontiguousarray((rows.transpose(0, 3, 1, 2) / 255 - 0.5) / 0.25, np.float32)


def _installed(package: str) -> float:
    """Megabytes of a package and what only it brings (numpy is there anyway)."""
    wanted, done = [package], {"numpy"}
    size = 0
    while wanted:
        name = wanted.pop()
        if name in done or not (found := _distribution(name)):
            continue
        done.add(name)
        size += sum(_bytes(Path(str(file.locate()))) for file in found.files or ())
        wanted += [_name(line) for line in found.requires or () if "extra ==" not in line]
    return size / 1e6


def _distribution(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:  # for another machine
        return None


def _name(requirement: str) -> str:
    for sign in " ;<>=!~[(":
        requirement = requirement.partition(sign)[0]
    return requirement.lower()


def _bytes(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _versions() -> dict[str, str]:
    packages = sorted({package for package, _ in RUNTIMES.values()} | {"torch"})
    return {package: found.version for package in packages if (found := _distribution(package))}


def _print(result: dict[str, dict[str, dict[str, object]]]) -> None:
    for model, rows in result.items():
        names = list(next(iter(rows.values())))
        print(f"\n{model}\n{'':22}" + "".join(f"{name:>19}" for name in names))
        for runtime, row in rows.items():
            print(f"{runtime:22}" + "".join(f"{row[name]!s:>19}" for name in names))


if __name__ == "__main__":
    main()
