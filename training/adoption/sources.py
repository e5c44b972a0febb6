"""What lies at a path that somebody calls a model: an ONNX file, a checkpoint, a folder of either, or something else.

Files are known by their first bytes, whatever they are called. What cannot be adopted gets advice of its own.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from feedloop.domain.documents import Document, load
from feedloop.domain.errors import BadRequest, Malformed
from feedloop.releases import CARD_FILE, MODEL_FILE
from training.adoption import hugging_face, timm_config
from training.adoption.facts import Facts

EXPORT = "torch.onnx.export(model.eval(), (torch.zeros(1, 3, 224, 224),), 'model.onnx')"
KERAS = "Where it was made, run `model.export('model.onnx', format='onnx')` (Keras 3), then adopt model.onnx"
TF2ONNX = "In an environment with TensorFlow, run `python -m tf2onnx.convert"
TEACHABLE = (
    " If it comes from Teachable Machine, adopt the result with --classes labels.txt --range -1-1 --resize shorter-side"
    " --interpolation lanczos."
)

_ADVICE = {
    "keras": f"a Keras model. {KERAS}.{TEACHABLE}",
    "tflite": f"a TensorFlow Lite model. {TF2ONNX} --tflite FILE --output model.onnx`, then adopt model.onnx.",
    "saved_model": f"a TensorFlow SavedModel. {TF2ONNX} --saved-model FOLDER --output model.onnx`, then adopt that.",
    "tfjs": "a TensorFlow.js model. Export the Keras form instead (in Teachable Machine: Tensorflow, Keras).",
    "ort": "an ORT file, which is bound to one kind of processor. Adopt the ONNX file that it was made from.",
    "coreml": "a Core ML model, which nothing converts back. Export ONNX where it was trained.",
    "openvino": "an OpenVINO model, which nothing converts back. Export ONNX where it was trained.",
    "torchscript": f"a TorchScript archive, which is a program. Where the model was made, run `{EXPORT}`.",
    "pt2": f"an exported torch program. Where the model was made, run `{EXPORT}`.",
    "fastai": f"a fastai learner, a pickle that runs code. Where it was made: model = learn.model; {EXPORT}",
    "pickle": f"a pickle, which runs the code inside of it. Where the model was made, run `{EXPORT}`.",
    "lfs": "a pointer of Git LFS, not the file itself. Run `git lfs pull` in its repository.",
    "html": "a web page, not the file itself: download it again from the link of the file.",
    "picture": "a picture. Give the model first, and pictures with --pictures.",
    "cut": "an archive, and its end is missing: it was cut short while it was written or copied. Copy it again.",
    "shards": (
        "weights in several files, which an index lists. No network of torchvision is so large: export it to ONNX where"
        " it was made, then adopt that."
    ),
    "distributed": (
        "a distributed checkpoint of torch. Where torch is, run `python -m torch.distributed.checkpoint.format_utils"
        " dcp_to_torch FOLDER model.pt`, then adopt model.pt."
    ),
    "archive": "an archive. Unpack it, then adopt the folder or the ONNX file inside.",
    "gguf": "a language model in GGUF, not a classifier of pictures.",
    "empty": "empty: it was cut short while it was written or downloaded.",
}

_SUFFIXES = {
    ".mlmodel": "coreml",
    ".mlpackage": "coreml",
    ".xml": "openvino",
    ".h5": "keras",
    ".keras": "keras",
    ".pb": "saved_model",
}
_MAGIC = (
    (b"\x89HDF", "keras"),
    (b"version https://git-lfs", "lfs"),
    (b"<!DOCTYPE", "html"),
    (b"<!doctype", "html"),
    (b"<html", "html"),
    (b"\xff\xd8\xff", "picture"),
    (b"\x89PNG", "picture"),
    (b"GGUF", "gguf"),
    (b"\x1f\x8b", "archive"),
    (b"BZh", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
    (b"\xfd7zXZ", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", "checkpoint"),  # torch before 1.6
    (b"\x80", "pickle"),
)
_KINDS_AT_4 = {b"TFL3": "tflite", b"ORTM": "ort"}
_TAR, _TAR_AT = b"ustar", 257
_HEAD = 512
_VARIANTS = ("fp16", "quantized", "int8", "uint8", "q4", "q4f16", "bnb4", "optimized", "quint8", "qint8")
_BESIDE = ("training_args", "optimizer", "scheduler", "rng_state", "random_states", "scaler")
"""How files begin that transformers and accelerate write beside the weights of a training."""
_CHECKPOINTS = ("model.safetensors", "pytorch_model.bin", "*.safetensors", "*.pt", "*.pth", "*.bin", "*.ckpt")


@dataclass(frozen=True, slots=True)
class Source:
    """What is adopted: `onnx` or `checkpoint` is the file, `exported` a folder of our own; with what lies beside it."""

    onnx: Path | None = None
    checkpoint: Path | None = None
    exported: Path | None = None
    facts: Facts = field(default_factory=dict)
    name: str = ""
    maker: str = ""
    """Who laid a folder out so: Hugging Face, timm, or nobody known."""
    fault: str = ""
    """Why what lies beside the model about its input cannot be used; options may say the same otherwise."""


def resolve(path: Path) -> Source:
    """What a path holds. Raises BadRequest with what was recognised, and what to do."""
    if re.match("https?:/", str(path)):
        raise BadRequest(f"{path} is an address: download the file or clone the folder, then adopt that.")
    if not path.exists():
        raise BadRequest(
            f"{path} is not there. Give an ONNX file, a checkpoint of torch, or a folder with one of them."
        )
    if path.is_dir():
        return _folder(path.resolve())
    if not path.is_file():
        raise BadRequest(f"{path} is neither a file nor a folder.")
    kind = recognise(path)
    beside = path.resolve().parent
    name = path.stem if path.stem != "model" else beside.name
    if beside.name == "onnx":
        beside = beside.parent
    if kind == "onnx":
        return _described(Source(onnx=path, name=name), beside)
    if kind == "checkpoint":
        return _described(Source(checkpoint=path, name=name), beside)
    raise BadRequest(f"{path} is {_ADVICE[kind]}")


def recognise(path: Path) -> str:
    """`onnx`, `checkpoint`, or the kind of file that neither is, by its first bytes."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return "empty"
    if kind := next((kind for magic, kind in _MAGIC if head.startswith(magic)), ""):
        return kind
    if head.startswith(b"PK"):
        return _zip_kind(path)
    if head[8:9] == b"{" and not any(head[5:8]):  # safetensors: a length, and JSON
        return "checkpoint"
    if head[_TAR_AT:].startswith(_TAR):
        return "archive"
    return _KINDS_AT_4.get(head[4:8]) or _SUFFIXES.get(path.suffix.lower(), "onnx")


def _zip_kind(path: Path) -> str:
    try:
        with ZipFile(path) as file:
            names = file.namelist()
    except BadZipFile:
        return "cut"
    inside = {name.partition("/")[2] for name in names}
    if any(name.startswith("code/") for name in inside):
        return "torchscript"
    if "data.pkl" in inside:
        return "fastai" if path.suffix == ".pkl" else "checkpoint"
    if "model.weights.h5" in names:
        return "keras"
    return "pt2" if any("models/" in name and name.endswith(".json") for name in names) else "archive"


def _folder(path: Path) -> Source:
    if (path / CARD_FILE).is_file() and (path / MODEL_FILE).is_file():
        return Source(exported=path, name=path.name)
    files = [*_sorted(path.glob("*.onnx")), *_sorted((path / "onnx").glob("*.onnx"))]
    if files:
        return _described(Source(onnx=_plain(files), name=path.name), path)
    if any(path.glob("*.index.json")):
        raise BadRequest(f"{path} holds {_ADVICE['shards']}")
    if any(path.glob("*.distcp")):
        raise BadRequest(f"{path} is {_ADVICE['distributed']}")
    if checkpoint := _checkpoint(path):
        return _described(Source(checkpoint=checkpoint, name=path.name), path)
    raise BadRequest(f"{path} {_folder_advice(path)}")


def _checkpoint(folder: Path) -> Path | None:
    """The weights in a folder, by the name that they always have, else the only ones. Raises BadRequest for several."""
    files = [file for pattern in _CHECKPOINTS for file in _sorted(folder.glob(pattern))]
    own = [file for file in dict.fromkeys(files) if not file.name.startswith(_BESIDE)]
    if len(own) > 1 and own[0].name not in _CHECKPOINTS:
        raise BadRequest(f"Several checkpoints lie in {folder}: name one of {', '.join(file.name for file in own)}.")
    return own[0] if own else None


def _folder_advice(path: Path) -> str:
    """Why nothing in a folder can be adopted."""
    names = sorted(file.name for file in path.iterdir())
    if "saved_model.pb" in names:
        return f"is {_ADVICE['saved_model']}"
    if path.suffix.lower() == ".mlpackage":
        return f"is {_ADVICE['coreml']}"
    for file in (path / name for name in names):
        if file.is_file() and (kind := recognise(file)) not in {"onnx", "checkpoint", "picture", "empty"}:
            return f"has {file.name}: {_ADVICE[kind]}"
    if "model.json" in names:
        return f"is {_ADVICE['tfjs']}"
    models = (file for pattern in ("*.onnx", *_CHECKPOINTS) for file in path.glob(f"*/{pattern}"))
    if inside := sorted({file.parent.name for file in models}):
        return f"has no model itself, but these folders in it have one: name one of {', '.join(inside)}."
    return f"has no model: neither *.onnx nor a checkpoint of torch, only {', '.join(names[:8]) or 'nothing'}."


def _plain(files: list[Path]) -> Path:
    """The model itself among its smaller variants, which answer otherwise. Raises BadRequest for several."""
    plain = [file for file in files if not any(file.stem.endswith(f"_{variant}") for variant in _VARIANTS)] or files
    chosen = [file for file in plain if file.name == MODEL_FILE] or plain
    if len(chosen) > 1 and chosen[0].name != MODEL_FILE:
        raise BadRequest(
            f"Several models lie in {files[0].parent}: name one of {', '.join(file.name for file in chosen)}."
        )
    return chosen[0]


def _described(source: Source, folder: Path) -> Source:
    """With what config.json and its companions say of it, where there are any."""
    config, facts, maker = _load(folder / hugging_face.CONFIG), Facts(), ""
    if of_timm := timm_config.is_config(config):
        facts, maker = timm_config.config_facts(config), "timm"
    elif hugging_face.is_config(config):
        facts, maker = hugging_face.config_facts(config), "Hugging Face"
    try:
        if of_timm:
            facts |= timm_config.input_facts(config)
        else:
            facts |= hugging_face.input_facts(hugging_face.load_processor(folder), str(config.get("model_type", "")))
    except BadRequest as error:
        return replace(source, facts=facts, maker=maker, fault=str(error))
    return replace(source, facts=facts, maker=maker)


def _load(file: Path) -> Document:
    if not file.is_file():
        return {}
    try:
        return load(file.read_bytes())
    except Malformed as error:
        raise BadRequest(f"{file}: {error}.") from error


def _sorted(files: Iterable[Path]) -> list[Path]:
    return sorted(file for file in files if not file.name.startswith("."))
