"""What an ONNX file shows before anything runs it: whether it is one, is whole, and may become a release."""

import math
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

from feedloop.domain.errors import ModelRefused

NEWEST = {"": 28, "ai.onnx.ml": 5}
"""The highest opset that the pinned ONNX Runtime takes, by domain; `com.microsoft` is its own."""
NEWEST_IR = 14
_OWN_DOMAIN = "com.microsoft"
_LEAST_BYTES = 32
_LARGEST = (1 << 31) - 1  # of a protobuf message

_OTHER_FILES = (
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself", "fetch it with `git lfs pull`"),
    (b"PK\x03\x04", "a ZIP archive, as torch, Keras and fastai write it", "adopt the checkpoint, or export it as ONNX"),
    (b"\x80", "a Python pickle", "export the model as ONNX where it was made"),
    (b"\x89HDF", "an HDF5 file, as Keras writes it", 'export it: `model.export("model.onnx", format="onnx")`'),
    (b"{", "JSON text", "give the model's file"),
    (b"<", "a web page or XML", "download the file itself; a page may ask for a login"),
)
_TAGGED = {b"TFL3": "a TensorFlow Lite model", b"ORTM": "a model in ONNX Runtime's own format (.ort)"}
"""What bytes 4 to 8 say."""

_RANDOM = {
    "Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
}  # fmt: skip
_TRAINING_DOMAINS = {"ai.onnx.training", "ai.onnx.preview.training"}
_WEIGHTED = {"BatchNormalization", "Conv", "ConvTranspose", "Gemm", "MatMul"}
"""Operators of whose weights each counts; a mask elsewhere may well hold minus infinity."""
_IMAGE_RANK = 4
_FLOATS = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE}


def check_file(body: bytes, classes: int) -> ModelProto:
    """The graph of a file that may answer so many classes; checks in the order of their cost. Raises ModelRefused."""
    model = check_runnable(body)
    _check_ends(model, classes)
    return model


def check_runnable(body: bytes) -> ModelProto:
    """The graph of a file that the pinned runtime may load and ask, before anybody knows its classes.

    Raises ModelRefused.
    """
    _check_kind(body)
    model = _parse(body)
    _check_versions(model)
    _check_whole(model)
    try:
        checker.check_model(_in_order(model) or body, full_check=True)
    except (checker.ValidationError, onnx.shape_inference.InferenceError, ValueError, RuntimeError) as error:
        why = next(iter(str(error).strip().splitlines()), repr(error)).rstrip(".")
        raise ModelRefused("graph", f"ONNX's checker finds a contradiction: {why}. Export the model again.") from error
    _check_operators(model)
    _check_weights(model)
    return model


def nodes_of(model: ModelProto) -> Iterator[NodeProto]:
    """Every operator, also inside branches, bodies and functions of the file."""
    yield from _nodes(model.graph.node)
    for function in model.functions:
        yield from _nodes(function.node)


def image_input(model: ModelProto) -> str:
    """The name of the one input. Raises ModelRefused when there is none, are several, or it takes no image."""
    weights = {one.name for one in model.graph.initializer}  # ONNX files of before 2019 list these as inputs, too
    inputs = [one for one in model.graph.input if one.name not in weights]
    names = ", ".join(one.name for one in inputs)
    if len(inputs) != 1:
        raise ModelRefused(
            "input", f"The model has {len(inputs)} inputs ({names or 'none'}); a classifier of pictures has one."
        )
    tensor = inputs[0].type.tensor_type
    if tensor.HasField("shape") and len(tensor.shape.dim) != _IMAGE_RANK:
        shape = " x ".join(one.dim_param or str(one.dim_value) for one in tensor.shape.dim)
        raise ModelRefused(
            "input", f"The input {names} takes {shape}; a picture has four: batch, channels, rows, columns."
        )
    return names


def _check_kind(body: bytes) -> None:
    """By its first bytes: ONNX has no magic number, others do."""
    if len(body) < _LEAST_BYTES:
        raise ModelRefused("file", f"The model's file has {len(body)} bytes: it is empty or cut short. Copy it again.")
    if len(body) > _LARGEST:
        raise ModelRefused(
            "file", f"The model has {len(body) / 1e9:.1f} GB; ONNX in one file takes 2.1. Choose a smaller one."
        )
    start = body.lstrip()
    for magic, what, remedy in _OTHER_FILES:
        if start.startswith(magic):
            raise ModelRefused("file", f"This is {what}, and no ONNX model: {remedy}.")
    if body[8:9] == b"{" and int.from_bytes(body[:8], "little") < len(body):
        raise ModelRefused("file", "This is a safetensors file of weights: `feedloop adopt` it with --architecture.")
    if tagged := _TAGGED.get(body[4:8]):
        raise ModelRefused("file", f"This is {tagged}, and no ONNX model: export it as ONNX where it was made.")


def _parse(body: bytes) -> ModelProto:
    try:
        model = onnx.load_model_from_string(body)
    except DecodeError as error:
        raise ModelRefused(
            "file", "The file cannot be parsed as ONNX: it is cut short or no model. Copy it again."
        ) from error
    if not model.graph.node or not model.ir_version:
        raise ModelRefused(
            "file", "The file holds no graph: it is cut short or no ONNX model. Copy or export it again."
        )
    return model


def _check_versions(model: ModelProto) -> None:
    if model.ir_version > NEWEST_IR:
        raise ModelRefused(
            "version",
            f"The file has ir_version {model.ir_version}, predict's runtime takes up to {NEWEST_IR}. Export it for"
            " that.",
        )
    own = {function.domain for function in model.functions}
    for opset in model.opset_import:
        domain = "" if opset.domain == "ai.onnx" else opset.domain
        if opset.version > NEWEST.get(domain, opset.version):
            raise ModelRefused(
                "version",
                f"The file has opset {opset.version} of {domain or 'ai.onnx'}, predict's runtime takes up to"
                f" {NEWEST[domain]}. Export it with a lower one.",
            )
    used = {node.domain for node in nodes_of(model)} - {"ai.onnx", _OWN_DOMAIN, *NEWEST, *own, *_TRAINING_DOMAINS}
    if used:
        names = ", ".join(sorted(f"{node.domain}.{node.op_type}" for node in nodes_of(model) if node.domain in used))
        raise ModelRefused(
            "operators",
            f"The model uses operators that predict's runtime does not know: {names}. Export it without them.",
        )


def _check_whole(model: ModelProto) -> None:
    """Weights in a second file never come with a release: it is one file."""
    outside = [one for one in _tensors(model) if one.data_location == TensorProto.EXTERNAL]
    if outside:
        files = sorted({entry.value for one in outside for entry in one.external_data if entry.key == "location"})
        raise ModelRefused(
            "file",
            f"Weights lie in another file ({', '.join(files)}), and a release is one: `feedloop adopt` joins them"
            " when it lies beside the model.",
        )


def _check_operators(model: ModelProto) -> None:
    switches = {one.name: one for one in model.graph.initializer}
    for node in nodes_of(model):
        if node.op_type == "Constant":
            switches[node.output[0]] = next((one.t for one in node.attribute if one.name == "value"), TensorProto())
        named = f"{node.op_type} {node.name}".strip()
        if node.op_type in _RANDOM:
            raise ModelRefused(
                "operators", f"{named} draws random numbers: the same picture gets other answers. Export for inference."
            )
        if node.domain in _TRAINING_DOMAINS or _trains(node, switches):
            raise ModelRefused("operators", f"{named} is in training mode. Export after `model.eval()`.")
        if node.op_type == "Loop":
            raise ModelRefused(
                "operators", f"{named} may turn without end, and a picture has seconds. Export without loops."
            )


def _trains(node: NodeProto, switches: Mapping[str, TensorProto]) -> bool:
    """Whether a normalisation follows its batch, or a dropout drops."""
    if node.op_type == "BatchNormalization":  # until opset 13 its further outputs say so
        return len(node.output) > 1 or any(one.name == "training_mode" and one.i for one in node.attribute)
    switch = switches.get(node.input[2]) if node.op_type == "Dropout" and len(node.input) > 2 else None  # noqa: PLR2004
    return switch is not None and bool(switch.data_type) and bool(numpy_helper.to_array(switch).any())


def _check_weights(model: ModelProto) -> None:
    used = {name for node in nodes_of(model) if node.op_type in _WEIGHTED for name in node.input}
    for one in _tensors(model):
        kind = helper.tensor_dtype_to_np_dtype(one.data_type)
        if not np.issubdtype(kind, np.floating):
            continue
        values = numpy_helper.to_array(one)
        if np.isnan(values).any() or (one.name in used and not np.isfinite(values).all()):
            raise ModelRefused(
                "weights",
                f"{one.name or 'A constant'} holds NaN or infinity: the training failed. Take an earlier checkpoint.",
            )


def is_half(model: ModelProto) -> bool:
    """Whether it calculates in float16, whose answers are less exact."""
    return any(one.data_type == TensorProto.FLOAT16 for one in model.graph.initializer)


def _check_ends(model: ModelProto, classes: int) -> None:
    """One image in, scores out."""
    image_input(model)
    scores = [one.type.tensor_type for one in model.graph.output if one.type.tensor_type.elem_type in _FLOATS]
    maps = [one for one in model.graph.output if one.type.HasField("sequence_type")]
    if not scores and not maps:
        raise ModelRefused(
            "output", "No output has one score per class, only labels (ArgMax, for example). Export the scores as well."
        )
    widths = [
        math.prod(max(0, side.dim_value) for side in one.shape.dim[1:]) for one in scores if one.HasField("shape")
    ]
    if scores and len(widths) == len(scores) and not {0, classes} & set(widths):  # 0: a side that the file leaves open
        raise ModelRefused(
            "output",
            f"The file declares {' or '.join(map(str, widths))} scores, and the card names {classes} classes. Name"
            " every class in the model's order, or export the model again.",
        )


def _in_order(model: ModelProto) -> bytes:
    """The model with each operator behind those whose results it takes; empty where it is so, or cannot be.

    A converter to float16 leaves them out of order, which the runtime puts right by itself, but ONNX's checker refuses.
    """
    nodes = model.graph.node
    makers = {name: number for number, node in enumerate(nodes) for name in node.output}
    takes = [{makers[name] for one in _nodes([node]) for name in one.input if name in makers} for node in nodes]
    if all(max(needed, default=-1) < number for number, needed in enumerate(takes)):
        return b""
    try:
        order = list(TopologicalSorter(dict(enumerate(takes))).static_order())
    except CycleError:
        return b""
    ordered = ModelProto()
    ordered.CopyFrom(model)
    ordered.graph.ClearField("node")
    ordered.graph.node.extend(nodes[number] for number in order)
    return ordered.SerializeToString()


def _nodes(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    for node in nodes:
        yield node
        for graph in _graphs(node):
            yield from _nodes(graph.node)


def _graphs(node: NodeProto) -> Iterator[GraphProto]:
    for one in node.attribute:
        if one.type == AttributeProto.GRAPH:
            yield one.g
        yield from one.graphs


def _tensors(model: ModelProto) -> Iterator[TensorProto]:
    yield from model.graph.initializer
    for node in nodes_of(model):
        for graph in _graphs(node):
            yield from graph.initializer
        yield from (one.t for one in node.attribute if one.type == AttributeProto.TENSOR)
