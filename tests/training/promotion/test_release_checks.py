"""What must never serve is refused by its name, and everything that can serve passes."""

import signal

import numpy as np
import onnx
import pytest

from feedloop.domain.cards import ModelCard
from feedloop.domain.errors import BadRequest, ModelRefused
from tests.support import demo, tiny_models
from tests.support.tiny_models import CLASSES, SIDE
from tests.support.uploads import clear_upload
from training.checks import sandbox, smoke_test
from training.promotion import release_checks
from training.promotion.registry import ModelPackage

LOGITS, LOG_PROBABILITIES = ({"output": {"kind": kind}} for kind in ("logits", "log_probabilities"))
PLAIN = {"size": SIDE, "mean": [0.0] * 3, "std": [1.0] * 3, "resize": "stretch"}


def changed(change):
    model = onnx.load_model_from_string(tiny_models.plain())
    change(model)
    return model.SerializeToString()


def nan(model):
    model.graph.initializer[0].raw_data = b"\xff" * len(model.graph.initializer[0].raw_data)


def outside(model):
    weights = model.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="weights.data")


def labels_only(model):
    model.graph.node[-1].CopyFrom(onnx.helper.make_node("ArgMax", ["scores"], ["probabilities"], axis=1))
    model.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.INT64
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 1


def not_for_white(model):
    """The root of what is below 0 where a picture is white."""
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(255 / 256, np.float32), "bright"))
    model.graph.node.insert(3, onnx.helper.make_node("ReduceMean", ["means"], ["mean"], axes=[1]))
    model.graph.node.insert(4, onnx.helper.make_node("Sub", ["bright", "mean"], ["dark"]))
    model.graph.node.insert(5, onnx.helper.make_node("Sqrt", ["dark"], ["root"]))
    model.graph.node.insert(6, onnx.helper.make_node("Mul", ["scores", "root"], ["scaled"]))
    model.graph.node[-1].input[0] = "scaled"


def follows_its_batch(model):
    """Scores minus their mean over the batch, as a normalisation in training mode makes them."""
    model.graph.node.insert(3, onnx.helper.make_node("ReduceMean", ["scores"], ["mean"], axes=[0]))
    model.graph.node.insert(4, onnx.helper.make_node("Sub", ["scores", "mean"], ["centred"]))
    model.graph.node[-1].input[0] = "centred"


def drops(model):
    """A dropout that drops, as its third input says."""
    for name, value in (("ratio", np.float32(0.5)), ("training", np.array(1, bool))):
        tensor = onnx.numpy_helper.from_array(np.asarray(value), name)
        model.graph.node.insert(0, onnx.helper.make_node("Constant", [], [name], value=tensor))
    model.graph.node[-1].input[0] = "dropped"
    model.graph.node.insert(5, onnx.helper.make_node("Dropout", ["scores", "ratio", "training"], ["dropped"]))


def normalises_the_batch(model):
    for name in ("scale", "bias", "mean", "var"):
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones(3, np.float32), name))
    given = ["pixels", "scale", "bias", "mean", "var"]
    node = onnx.helper.make_node("BatchNormalization", given, ["normal", "m", "v"], training_mode=1)
    model.graph.node.insert(0, node)
    model.graph.node[1].input[0] = "normal"


def hungry(model):
    size = onnx.numpy_helper.from_array(np.array([1 << 17, 1 << 15]), "size")
    model.graph.initializer.append(size)
    model.graph.node.insert(3, onnx.helper.make_node("ConstantOfShape", ["size"], ["zeros"]))
    model.graph.node.insert(4, onnx.helper.make_node("ReduceSum", ["zeros"], ["nothing"], keepdims=0))
    model.graph.node.insert(5, onnx.helper.make_node("Add", ["scores", "nothing"], ["filled"]))
    model.graph.node[-1].input[0] = "filled"


def check(body, *, memory_limit=1 << 30, beside=0, constant_ok=False, reference=None, **card):
    return release_checks.check(
        ModelPackage(body, ModelCard(tiny_models.card(body, **card))),
        memory_limit=memory_limit,
        beside=beside,
        constant_ok=constant_ok,
        reference=reference,
    )


BROKEN = {
    "empty": (b"", {}, "file: The model's file has 0 bytes"),
    "pointer of git-lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n",
        {},
        "git lfs pull",
    ),
    "web page": (b"<!DOCTYPE html><html><body>Sign in to download</body></html>", {}, "a web page"),
    "torch checkpoint": (b"PK\x03\x04" + bytes(99), {}, "a ZIP archive"),
    "pickle": (b"\x80\x02}q\x00." + bytes(99), {}, "a Python pickle"),
    "safetensors": ((20).to_bytes(8, "little") + b'{"a":{}}' + bytes(99), {}, "safetensors"),
    "Keras": (b"\x89HDF\r\n\x1a\n" + bytes(99), {}, "HDF5"),
    "TensorFlow Lite": (b"\x1c\0\0\0TFL3" + bytes(99), {}, "TensorFlow Lite"),
    "text": (b"these are the names of my classes, one per line\n", {}, "cut short or no model"),
    "cut short": (tiny_models.cut_short(), {}, "file: "),
    "external data": (changed(outside), {}, r"another file \(weights.data\)"),
    "ir_version 99": (changed(lambda model: setattr(model, "ir_version", 99)), {}, "version: .* ir_version 99"),
    "opset 99": (changed(lambda model: setattr(model.opset_import[0], "version", 99)), {}, "version: .* opset 99"),
    "unknown domain": (tiny_models.unknown_domain(), {}, "operators: .* com.acme.Magic"),
    "random": (tiny_models.random(), {}, "operators: RandomNormalLike draws"),
    "dropout in training": (changed(drops), {}, "operators: Dropout is in training mode"),
    "normalisation in training": (changed(normalises_the_batch), {}, "operators: BatchNormalization is in training"),
    "loop": (tiny_models.long_loop(), {}, "operators: Loop may turn"),
    "weights not a number": (changed(nan), {}, "weights: weights holds NaN"),
    "two inputs": (tiny_models.two_inputs(), {}, r"input: .* 2 inputs \(pixels, scale\)"),
    "labels only": (changed(labels_only), {}, "output: No output"),
    "wrong width": (tiny_models.wrong_width(), {}, r"graph: .*\(5\) vs \(7\)"),
    "a class too many": (tiny_models.plain(), {"classes": [*CLASSES, "Tea"]}, "output: .* 6 classes"),
    "no such node": (changed(lambda model: model.graph.node.pop(1)), {}, "graph: "),
    "card of another": (tiny_models.plain(), {"sha256": "0" * 64}, "card: .* another file"),
    "card without size": (tiny_models.plain(), {"input": {**PLAIN, "size": 0}}, "card: .* input.size"),
    "unknown operator": (changed(lambda model: setattr(model.graph.node[0], "op_type", "Magic")), {}, "graph: "),
    "logits": (tiny_models.logits(), {}, "load: "),
    "sigmoid": (tiny_models.sigmoid(), {}, "load: "),
    "NaN unless black": (tiny_models.not_a_number(), {}, "load: .* not finite"),
    "NaN where it is white": (changed(not_for_white), {}, "answers: .*at picture 2.* not finite"),
    "below zero": (tiny_models.negative(), {}, "load: .* the smallest is -"),
    "two outputs": (tiny_models.label_first(), {}, "load: .* 2 outputs"),
    "constant": (tiny_models.zero_weights(), {}, "constant: "),
    "follows its batch": (changed(follows_its_batch), {}, "constant: |batch: "),
}


@pytest.mark.parametrize(("body", "card", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_model_is_refused_by_name(body, card, says):
    with pytest.raises(ModelRefused, match=says):
        check(body, **card)


SERVED = {
    "logits": (tiny_models.logits(), LOGITS),
    "log softmax": (tiny_models.log_softmax(), LOG_PROBABILITIES),
    "one pixel per class": (tiny_models.convolutional(), {}),
    "channels last": (tiny_models.channels_last(), {"input": {**PLAIN, "layout": "NHWC"}}),
    "float16": (tiny_models.float16(), {}),
    "float64": (tiny_models.float64(), {}),
    "uint8": (tiny_models.uint8(), {"input": {**PLAIN, "std": [1 / 255] * 3}}),
    "eight at once": (tiny_models.fixed_batch(), {}),
    "label first": (tiny_models.label_first(), {"output": {"name": "probabilities"}}),
    "names to probabilities": (tiny_models.zip_map(), {}),
}


@pytest.mark.parametrize(("body", "card"), SERVED.values(), ids=SERVED)
def test_what_a_card_explains_passes(body, card):
    assert check(body, **card).warnings == ()


def test_a_model_that_can_serve_passes_with_what_was_seen():
    checked = check(tiny_models.plain())
    assert [round(sum(answer), 3) for answer in checked.answers] == [1] * 16
    assert 0 < checked.milliseconds <= checked.slowest
    assert (checked.megabytes > 0, checked.warnings) == (True, ())


def test_the_demonstration_model_passes():
    assert release_checks.check(ModelPackage(demo.MODEL, ModelCard(demo.CARD))).warnings == ()


def test_two_softmaxes_are_a_warning():
    (warning,) = check(tiny_models.softmax_twice()).warnings
    assert "two softmaxes" in warning


def test_a_model_with_random_weights_may_answer_everything_alike():
    assert "All 19 pictures are called Bread" in check(tiny_models.zero_weights(), constant_ok=True).warnings[-1]


def test_a_model_that_answers_as_where_it_came_from_passes():
    given = [one.jpeg for one in check(tiny_models.plain()).pictures]
    known = dict(zip(given, check(tiny_models.plain()).answers, strict=True))
    assert check(tiny_models.plain(), reference=lambda picture: known[picture.jpeg]).parity == 0


def test_a_model_that_answers_otherwise_than_where_it_came_from_is_refused():
    with pytest.raises(ModelRefused, match="parity: A probability differs by"):
        check(tiny_models.plain(), reference=lambda picture: [1, 0, 0, 0, 0])


def test_a_picture_that_predict_would_refuse_is_named():
    with pytest.raises(BadRequest, match="Picture 2 of those to check with"):
        release_checks.check(ModelPackage(demo.MODEL, ModelCard(demo.CARD)), [clear_upload(), b"no picture"])


@pytest.mark.parametrize(
    ("beside", "says"),
    [(0, "with this model, and"), (9 << 30, "with this model, the model that it replaces beside it, and")],
)
def test_memory_for_every_process_is_needed_and_named(beside, says):
    with pytest.raises(ModelRefused, match=f"memory: predict in 2 processes needs .*Mi {says} .* PREDICT_MEMORY="):
        check(tiny_models.plain(), memory_limit=256 << 20, beside=beside)


def test_a_model_that_takes_whatever_there_is_ends_alone():
    """Sixteen gigabytes of zeros for each picture."""
    with pytest.raises(ModelRefused, match="memory: The model needs more than"):
        check(changed(hungry))


def test_a_model_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(sandbox, "LOAD_SECONDS", 0.05)
    body = tiny_models.long_loop()
    with pytest.raises(ModelRefused, match="time: Loading took more than"):
        sandbox.run(body, ModelCard(tiny_models.card(body)), (), memory_limit=1 << 30)


@pytest.mark.parametrize(("number", "says"), [(signal.SIGSEGV, "crash: .* SIGSEGV"), (signal.SIGKILL, "memory: ")])
def test_a_model_that_kills_its_process_is_refused(monkeypatch, number, says):
    monkeypatch.setattr(smoke_test, "__name__", f"tests.support.dies_by_{number.name.lower()}")
    with pytest.raises(ModelRefused, match=says):
        check(tiny_models.plain())
