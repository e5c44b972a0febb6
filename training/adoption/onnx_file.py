"""An ONNX file from elsewhere: its bytes with all weights inside, and what its metadata says of the model.

Nothing in the graph is changed: what is released are the file's own bytes, or the same graph with the weights that lay
beside it (docs/decisions/0026).
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import onnx
from google.protobuf.message import DecodeError
from onnx import external_data_helper

from feedloop.domain.errors import BadRequest
from training.adoption import class_names
from training.adoption.facts import FILE, Facts, Option, facts_from

LARGEST = 2**31 - 1
"""Bytes of one protobuf message; a model with more weights cannot be one file."""

_LISTS = ("names", "classes", "class_names", "labels", "id2label")
"""Metadata in which exporters put the class names; Ultralytics calls them `names`."""
_PIXELS = {"Rgb8": "rgb", "Bgr8": "bgr", "Gray8": "gray"}
_RANGES = {"NominalRange_0_255": "0-255", "Normalized_0_1": "0-1", "Normalized_1_1": "-1-1"}
_LABELS = ("classlabels_strings", "classlabels_int64s", "classlabels_ints")


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """A whole model: `body` is what is released, `proto` the same parsed."""

    path: Path
    body: bytes
    proto: onnx.ModelProto

    @property
    def metadata(self) -> dict[str, str]:
        """What the exporter noted about it."""
        pairs = ((entry.key, entry.value) for entry in self.proto.metadata_props)
        return {key: value for key, value in pairs if isinstance(value, str)}  # bytes, where they are no UTF-8


def load_onnx(path: Path) -> OnnxFile:
    """Read a file, and the weights that lie beside it. Raises BadRequest with what is wrong and what helps."""
    body = path.read_bytes()
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(body)
    except DecodeError as error:
        raise BadRequest(f"{path} is no ONNX model, or was cut short: download or export it again.") from error
    if not proto.graph.node:
        raise BadRequest(f"{path} is no ONNX model, or an empty one: there is no graph in it.")
    outside = [tensor for tensor in _tensors(proto.graph) if external_data_helper.uses_external_data(tensor)]
    if not outside:
        return OnnxFile(path, body, proto)
    _check_outside(outside, path, len(body))
    external_data_helper.load_external_data_for_model(proto, str(path.parent))
    return OnnxFile(path, proto.SerializeToString(deterministic=True), proto)


def metadata_facts(file: OnnxFile) -> Facts:
    """What an exporter's notes say: class names, channel order, range, size, and the manners of two tools.

    Raises BadRequest for a model that does another task.
    """
    noted = file.metadata
    facts = facts_from(FILE, {Option.CHANNELS: _PIXELS.get(noted.get("Image.BitmapPixelFormat", ""))})
    facts |= facts_from(FILE, {Option.RANGE: _RANGES.get(noted.get("Image.NominalPixelRange", ""))})
    if (names := _class_names(file)) and not class_names.are_placeholders(names):
        facts |= facts_from(FILE, {Option.CLASSES: names})
    if "names" in noted and "task" in noted:
        facts |= _ultralytics_facts(file, noted)
    elif {"classLabel", "loss"} <= {put.name for put in file.proto.graph.output}:
        habits = {Option.CHANNELS: "rgb", Option.RANGE: "0-1", Option.RESIZE: "stretch"}
        facts = facts_from("as Custom Vision exports", habits) | facts
    return facts


def _ultralytics_facts(file: OnnxFile, noted: dict[str, str]) -> Facts:
    if noted["task"] != "classify":
        raise BadRequest(f"{file.path} does not classify: its task is {noted['task']!r} (Ultralytics).")
    sides = [int(side) for side in noted.get("imgsz", "").strip("[]()").split(",") if side.strip().isdecimal()]
    habits = {Option.CHANNELS: "rgb", Option.RANGE: "0-1", Option.RESIZE: "shorter-side"}
    size = sides[0] if sides and len(set(sides)) == 1 else None
    return facts_from("as Ultralytics exports", {**habits, Option.SIZE: size})


def _class_names(file: OnnxFile) -> tuple[str, ...]:
    """The first list of names that can be understood; () when there is none."""
    for key in _LISTS:
        if text := file.metadata.get(key):
            with suppress(BadRequest):
                return class_names.parse_literal(text, f"{file.path}'s metadata {key!r}")
    for node in file.proto.graph.node:
        for attribute in node.attribute:
            if attribute.name in _LABELS and (values := attribute.strings or attribute.ints):
                names = [
                    value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values
                ]
                return class_names.from_json(names, f"{node.op_type} in {file.path}")
    return ()


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """All weights and constants of a graph and of the graphs inside of it."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)


def _check_outside(tensors: list[onnx.TensorProto], path: Path, size: int) -> None:
    """Raises BadRequest unless all weights lie beside the model, whole, and fit into one file with it."""
    for tensor in tensors:
        where = {entry.key: entry.value for entry in tensor.external_data}
        name = where.get("location", "")
        if PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or ".." in PurePosixPath(name).parts:
            raise BadRequest(
                f"{path} takes weights from {name!r}, which is not beside it: export it again into one folder."
            )
        beside = path.parent / name
        if not beside.is_file():
            raise BadRequest(f"The weights of {path} lie in {name!r}, which is not there: put both into one folder.")
        length = int(where.get("length") or 0)
        wanted = int(where.get("offset") or 0) + length
        if beside.stat().st_size < wanted:
            raise BadRequest(f"{beside} has {beside.stat().st_size} bytes, {path} wants {wanted}: it was cut short.")
        size += length
    if size > LARGEST:
        raise BadRequest(
            f"{path} and its weights have {size / 1e9:.1f} GB; one ONNX file holds 2.1: take a smaller model."
        )
