"""What config.json and preprocessor_config.json of Hugging Face, and timm's config, make of a picture."""

import json

import onnx
import pytest

from feedloop.domain.errors import BadRequest
from tests.support import tiny_models
from training.adoption import hugging_face, package, timm_config
from training.adoption.facts import given_facts

HALF, NONE = [0.5] * 3, [0.0] * 3
STANDARD = {"image_mean": HALF, "image_std": HALF}
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
PROCESSORS = {
    "ViT, old": (
        {"feature_extractor_type": "ViTFeatureExtractor", "size": 224, "resample": 2, **STANDARD},
        {"size": 224, "resize": "stretch", "interpolation": "bilinear", "mean": HALF, "std": HALF},
    ),
    "ViT, new": (
        {"image_processor_type": "ViTImageProcessorFast", "size": {"height": 384, "width": 384}, "resample": 3},
        {"size": 384, "resize": "stretch", "interpolation": "bicubic", "mean": HALF, "std": HALF},
    ),
    "ViT, nothing": ({"image_processor_type": "ViTImageProcessor"}, {"size": 224, "resize": "stretch", "mean": HALF}),
    "DeiT": (
        {"feature_extractor_type": "DeiTFeatureExtractor"},
        {"size": 224, "resize": "stretch", "resize-size": 256},
    ),
    "CLIP": (
        {"image_processor_type": "CLIPImageProcessor", "size": 224, "crop_size": 224},
        {"size": 224, "resize": "shorter-side", "resize-size": 224, "interpolation": "bicubic"},
    ),
    "MobileNetV2": (
        {
            "image_processor_type": "MobileNetV2ImageProcessor",
            "size": {"shortest_edge": 256},
            "crop_size": {"height": 224, "width": 224},
        },
        {"size": 224, "resize": "shorter-side", "resize-size": 256, "interpolation": "bilinear"},
    ),
    "ConvNeXt": (
        {
            "image_processor_type": "ConvNextImageProcessor",
            "size": {"shortest_edge": 224},
            "crop_pct": 0.875,
            **IMAGENET,
        },
        {"size": 224, "resize": "shorter-side", "resize-size": 256, "mean": IMAGENET["image_mean"]},
    ),
    "ConvNeXt, large": (
        {"image_processor_type": "ConvNextImageProcessor", "size": 384},
        {"size": 384, "resize": "stretch", "resize-size": None},
    ),
    "LeViT": ({"feature_extractor_type": "LevitFeatureExtractor"}, {"size": 224, "resize-size": 256}),
    "EfficientNet divides twice": (
        {"image_processor_type": "EfficientNetImageProcessor", "size": 224, "image_mean": NONE, "image_std": HALF},
        {"size": 224, "resize": "stretch", "mean": NONE, "std": [0.25] * 3},
    ),
    "EfficientNet divides once": (
        {"image_processor_type": "EfficientNetImageProcessor", "do_normalize": False, "image_std": HALF},
        {"size": 346, "mean": NONE, "std": HALF},
    ),
    "EfficientNet from -1": (
        {
            "image_processor_type": "EfficientNetImageProcessor",
            "do_normalize": False,
            "rescale_factor": 1 / 127.5,
            "rescale_offset": True,
            "include_top": False,
        },
        {"mean": HALF, "std": HALF},
    ),
    "not normalised": (
        {"image_processor_type": "ViTImageProcessor", "do_normalize": False},
        {"mean": NONE, "std": [1.0] * 3},
    ),
    "not rescaled": (
        {"image_processor_type": "ViTImageProcessor", "do_rescale": False, "do_normalize": False},
        {"mean": NONE, "std": [1 / 255] * 3},
    ),
    "MobileViT": (
        {"image_processor_type": "MobileViTImageProcessor", "size": {"shortest_edge": 288}, "crop_size": 256},
        {"size": 256, "resize-size": 288, "channels": "bgr", "mean": NONE, "std": [1.0] * 3},
    ),
}


@pytest.mark.parametrize(("processor", "wanted"), PROCESSORS.values(), ids=PROCESSORS)
def test_a_processor_says_how_a_picture_is_prepared(processor, wanted):
    facts = hugging_face.input_facts(processor)
    for name, value in wanted.items():
        known = facts[name].value if name in facts else None
        assert known == (pytest.approx(value) if isinstance(value, list) else value), name


REFUSED = {
    "pads": {"do_pad": True},
    "no square": {"size": {"height": 224, "width": 320}},
    "any shape": {"image_processor_type": "CLIPImageProcessor", "do_center_crop": False},
    "crops more": {"image_processor_type": "CLIPImageProcessor", "size": 224, "crop_size": 256},
    "offset": {"image_processor_type": "EfficientNetImageProcessor", "rescale_offset": True},
    "by zero": {"image_processor_type": "ViTImageProcessor", "image_std": [0, 1, 1]},
    "crops by itself": {"image_processor_type": "PoolFormerImageProcessor", "crop_pct": 0.9, "size": 224},
    "a number is an edge": {"image_processor_type": "SiglipImageProcessor", "size": 224},
    "nonsense": {"image_processor_type": "ViTImageProcessor", "size": "large"},
    "longest": {"image_processor_type": "ViTImageProcessor", "size": {"shortest_edge": 1, "longest_edge": 2}},
}


@pytest.mark.parametrize("processor", REFUSED.values(), ids=REFUSED)
def test_what_a_card_cannot_say_is_refused(processor):
    with pytest.raises(BadRequest, match="preprocessor_config"):
        hugging_face.input_facts(processor)


def test_of_an_unknown_class_everything_is_a_guess():
    facts = hugging_face.input_facts(
        {"image_processor_type": "AcmeImageProcessor", "size": {"height": 8, "width": 8}, **STANDARD}
    )
    assert facts["size"].guessed
    assert "AcmeImageProcessor may do more" in facts["size"].origin


@pytest.mark.parametrize(
    "config",
    [
        {"problem_type": "multi_label_classification"},
        {"problem_type": "regression"},
        {"architectures": ["DetrForObjectDetection"]},
    ],
)
def test_another_task_is_refused(config):
    with pytest.raises(BadRequest, match=r"config.json"):
        hugging_face.config_facts(config)


def test_made_up_labels_are_no_names():
    assert "classes" not in hugging_face.config_facts({"id2label": {"0": "LABEL_0", "1": "LABEL_1"}})


TIMM = {"architecture": "resnet18", "num_classes": 5, "label_names": list(tiny_models.CLASSES)}


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"pretrained_cfg": {"input_size": [3, 224, 224], "crop_pct": 0.95}}, ("shorter-side", 235, "bicubic")),
        ({"pretrained_cfg": {"crop_mode": "squash", "crop_pct": 1.0}}, ("stretch", 224, "bicubic")),
        (
            {"input_size": [3, 224, 224], "interpolation": "bilinear", "crop_pct": 0.9},
            ("shorter-side", 248, "bilinear"),
        ),
    ],
)
def test_timm_says_how_a_picture_is_prepared(config, wanted):
    facts = timm_config.config_facts(TIMM | config) | timm_config.input_facts(TIMM | config)
    assert tuple(facts[name].value for name in ("resize", "resize-size", "interpolation")) == wanted
    assert facts["classes"].value == tiny_models.CLASSES


@pytest.mark.parametrize("own", [{"crop_mode": "border"}, {"input_size": [1, 28, 28]}, {"crop_pct": 0}])
def test_what_timm_pads_is_refused(own):
    with pytest.raises(BadRequest, match=r"config.json"):
        timm_config.input_facts(TIMM | {"pretrained_cfg": own})


def hugging_face_folder(folder, **processor):
    """A folder as optimum exports it, around the tiny model of logits."""
    labels = {str(index): name for index, name in enumerate(tiny_models.CLASSES)}
    config = {"architectures": ["ViTForImageClassification"], "model_type": "vit", "id2label": labels}
    own = {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}, "resample": 2, **processor}
    (folder / "onnx").mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(json.dumps(own))
    (folder / "onnx" / "model.onnx").write_bytes(tiny_models.logits())
    return folder


@pytest.mark.parametrize("inside", ["", "onnx/model.onnx"])
def test_a_folder_of_hugging_face_needs_no_option(tmp_path, inside):
    adopted = package.adopt(hugging_face_folder(tmp_path) / inside, {}, created="2026-11-29")
    assert adopted.card.classes == tiny_models.CLASSES
    assert adopted.card.document["input"] == {"size": 32, "mean": HALF, "std": HALF, "resize": "stretch"}
    assert adopted.card.document["output"] == {"kind": "logits"}
    assert not any(fact.guessed for name, fact in adopted.facts.items() if name not in {"name", "layout"})


@pytest.mark.parametrize("processor", [{"do_pad": True}, {"size": {"shortest_edge": 32}}, {"resample": 99}])
def test_options_count_instead_of_a_file_that_cannot_be_served(tmp_path, processor):
    folder = hugging_face_folder(tmp_path, **processor)
    for path in (folder, folder / "onnx" / "model.onnx"):
        with pytest.raises(BadRequest, match=r"preprocessor_config.json.*your words count instead"):
            package.adopt(path, {}, created="2026-11-29")
        with pytest.raises(BadRequest, match=r"your words count instead"):
            package.adopt(path, given_facts({"size": 32}), created="2026-11-29")
        options = given_facts({"resize": "stretch", "size": 32, "range": "-1-1"})
        adopted = package.adopt(path, options, created="2026-11-29")
        assert adopted.card.document["input"] == {"size": 32, "mean": HALF, "std": HALF, "resize": "stretch"}
        assert adopted.card.classes == tiny_models.CLASSES


@pytest.mark.parametrize("side", [-5, 0, 100_000])
def test_a_size_of_no_model_is_refused(tmp_path, side):
    folder = hugging_face_folder(tmp_path, size={"height": side, "width": side})
    model = onnx.load_from_string(tiny_models.logits())
    for axis in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        axis.dim_param = "side"
    (folder / "onnx" / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(BadRequest, match=r"size .* from preprocessor_config.json: it may be 1 to 2048"):
        package.adopt(folder, {}, created="2026-11-29")


@pytest.mark.parametrize("own", [[1, 2], "x", None, 3])
def test_a_config_of_another_form_is_no_surprise(own):
    document = {**TIMM, "pretrained_cfg": own}
    assert timm_config.is_config(document)
    assert timm_config.input_facts(document)["size"].value == 224
    assert "classes" in hugging_face.config_facts(
        {"architectures": "ViTForImageClassification", "id2label": {"0": "Egg", "1": "Tea"}}
    )


def test_a_processor_of_an_unknown_class_that_names_no_size_is_asked_about():
    assert "size" not in hugging_face.input_facts({"image_processor_type": "PerceiverImageProcessor"})


def test_a_config_of_another_size_than_the_file_is_told(tmp_path):
    folder = hugging_face_folder(tmp_path, size={"height": 64, "width": 64})
    with pytest.raises(BadRequest, match=r"takes size 32; 64 from preprocessor_config.json"):
        package.adopt(folder, {}, created="2026-11-29")


def test_a_folder_of_ours_keeps_its_card(tmp_path):
    body = tiny_models.plain()
    (tmp_path / "model.onnx").write_bytes(body)
    (tmp_path / "card.json").write_text(json.dumps(tiny_models.card(body, note="ours")))
    assert package.adopt(tmp_path, {}, created="2026-11-29").card.document["note"] == "ours"
