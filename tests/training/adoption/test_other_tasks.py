"""Models that do not classify: what they do is said before anything is asked for."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from feedloop.domain.errors import BadRequest
from tests.support import tiny_models
from training.adoption import package
from training.adoption.facts import given_facts


def outputs(*puts):
    """A model with other outputs: (name, type, shape)."""
    model = onnx.load_from_string(tiny_models.plain())
    del model.graph.output[:], model.graph.node[:]
    for name, kind, shape in puts:
        given = numpy_helper.from_array(np.zeros([1 if isinstance(axis, str) else axis for axis in shape]), name + "0")
        model.graph.initializer.append(given)
        model.graph.node.append(helper.make_node("Cast", [name + "0"], [name], to=kind))
        model.graph.output.append(helper.make_tensor_value_info(name, kind, shape))
    return model.SerializeToString()


FLOAT, INT64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
OTHER_TASKS: dict[str, tuple[list[tuple[str, int, list[str | int]]], str]] = {
    "segmentation": ([("out", FLOAT, ["N", 5, 32, 32])], "for every place of the picture"),
    "tokens": ([("last_hidden_state", FLOAT, ["N", 50, 64])], "for every place of the picture"),
    "detection": (
        [("boxes", FLOAT, ["k", 4]), ("scores", FLOAT, ["k"]), ("labels", INT64, ["k"])],
        "finds objects in a picture",
    ),
    "detection without names": (
        [("o1", FLOAT, ["k", 4]), ("o2", FLOAT, ["k"]), ("o3", INT64, ["k"])],
        "finds objects in a picture",
    ),
    "regression": ([("age", FLOAT, ["N", 1])], "one number for a picture"),
    "best class alone": ([("label", INT64, ["N"])], "the best class alone"),
}


@pytest.mark.parametrize("task", OTHER_TASKS)
@pytest.mark.parametrize("known", [{}, {"classes": tiny_models.CLASSES, "range": "0-1"}])
def test_a_model_that_does_another_task_is_told_which(tmp_path, task, known):
    puts, why = OTHER_TASKS[task]
    (tmp_path / "model.onnx").write_bytes(outputs(*puts))
    with pytest.raises(BadRequest, match=why):
        package.adopt(tmp_path / "model.onnx", given_facts(known), created="2026-11-29")
