"""What an ONNX file shows before anything runs it; broken ones are in test_release_checks."""

import onnx
import pytest

from feedloop.classifiers import load_classifier
from feedloop.domain.cards import ModelCard
from feedloop.domain.errors import ModelRefused
from tests.support import tiny_models
from training.checks import model_file


def test_operators_out_of_order_are_taken_as_the_runtime_takes_them():
    model = onnx.load_from_string(tiny_models.plain())
    nodes = [*model.graph.node][::-1]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    body = model.SerializeToString()
    model_file.check_file(body, 5)
    load_classifier(body, ModelCard(tiny_models.card(body)))


def test_operators_that_wait_for_each_other_are_refused():
    model = onnx.load_from_string(tiny_models.plain())
    model.graph.node[0].input[0] = model.graph.node[1].output[0]
    with pytest.raises(ModelRefused, match="checker"):
        model_file.check_runnable(model.SerializeToString())
