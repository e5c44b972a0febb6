"""A released file read back: it computes what it computed, and can go on learning."""

import pytest

pytest.importorskip("torch", reason="torch is not installed here: make test-training")

import torch

from feedloop.domain.errors import Malformed
from tests.support import colours, demo
from training.data import image_folder
from training.model import networks, onnx_export, onnx_weights

SIZE = 32


def unfold(body, classes, size, temperature, pictures):
    made = onnx_weights.fold_back(body, classes, size, temperature)
    onnx_weights.unfold(made, body, size, temperature, pictures)
    return made


def batches(count=4):
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(16, 3, SIZE, SIZE, generator=generator) for _ in range(count)]


def answers(made, pixels):
    with torch.inference_mode():
        return made(pixels).softmax(1)


@pytest.fixture(scope="module")
def released(first_model):
    return (first_model / "model.onnx").read_bytes()


def test_it_computes_what_the_release_computes(released):
    made = unfold(released, 11, SIZE, 1.0, batches())
    pixels = torch.randn(8, 3, SIZE, SIZE)
    found = torch.softmax(made.eval()(pixels).detach(), 1).numpy()
    assert onnx_export.run_onnx(released, pixels.numpy()) == pytest.approx(found, abs=1e-4)


def test_its_layers_know_their_statistics_again(released):
    made, pixels = unfold(released, 11, SIZE, 1.0, batches()), batches(1)[0]
    learning, serving = answers(made.train(), pixels), answers(made.eval(), pixels)
    folded = unfold(released, 11, SIZE, 1.0, batches())
    for layer in folded.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.reset_parameters()
    lost = answers(folded.train(), pixels)
    assert (learning - serving).abs().mean() < (lost - serving).abs().mean() / 2


def test_the_demonstration_model_can_be_read_back():
    temperature = demo.CARD["temperature"]
    made = unfold(demo.MODEL, 11, 64, temperature, [torch.randn(8, 3, 64, 64)])
    assert networks.count_classes(made) == len(image_folder.FOOD_11)


def test_an_answer_that_differs_is_never_trained_on(released):
    with pytest.raises(Malformed, match="answer differently"):
        unfold(released, 11, SIZE, 2.0, batches())


@pytest.mark.parametrize("classes", [10, 12])
def test_another_number_of_classes_is_told(released, classes):
    with pytest.raises(Malformed, match="not MobileNetV2"):
        unfold(released, classes, SIZE, 1.0, batches())


@pytest.mark.parametrize("body", [colours.model(colours.RIGHT), b"", b"no model"], ids=["other", "empty", "none"])
def test_a_file_that_is_not_ours_is_told(body):
    with pytest.raises(Malformed, match="not MobileNetV2"):
        unfold(body, 3, SIZE, 1.0, batches())


@pytest.mark.parametrize("architecture", ["squeezenet1_1", "shufflenet_v2_x0_5"])
def test_new_classes_leave_the_known_answers_alone_wherever_they_stand(architecture):
    old = networks.new(architecture, 3, SIZE).eval()
    new = networks.extended(networks.new(architecture, 5, SIZE), old.state_dict(), (4, 0, 2))
    pixels = torch.randn(2, 3, 64, 64)
    assert torch.allclose(old(pixels), new(pixels)[:, [4, 0, 2]], atol=1e-6)
