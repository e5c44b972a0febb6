"""What is known of an ONNX file alone, and what of it is refused, guessed or asked for."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from feedloop.classifiers import load_classifier
from feedloop.domain.errors import BadRequest, ModelRefused
from tests.support import tiny_models
from training.adoption import class_names, package
from training.adoption.facts import given_facts, join
from training.checks import model_card

NAMES = ",".join(tiny_models.CLASSES)
KINDS = {
    "plain": None,
    "logits": {"kind": "logits"},
    "log_softmax": {"kind": "log_probabilities"},
    "convolutional": None,
    "float16": None,
    "float64": None,
    "label_first": {"name": "probabilities"},
}
REFUSED = {
    "sigmoid": "answers every class by itself",
    "not_a_number": "NaN or infinity for 15 of 16",
    "negative": "some are negative",
    "unknown_domain": r"com.acme.Magic",
    "long_loop": "without end",
    "random": "random numbers",
    "two_inputs": "wants 2 inputs: pixels .* scale",
    "cut_short": "cut short",
}


@pytest.fixture
def adopt(tmp_path):
    def adopt(body, **options):
        path = tmp_path / "model.onnx"
        path.write_bytes(body)
        options = {"classes": NAMES, "range": "0-1", **options}
        names = class_names.parse_option(options["classes"]) if options["classes"] else None
        given = given_facts({**options, "classes": names})
        return package.adopt(path, given, created="2026-11-29")

    return adopt


@pytest.mark.parametrize("name", KINDS)
def test_what_the_scores_are_is_measured(adopt, name):
    card = adopt(tiny_models.MODELS[name]()).card
    assert card.document.get("output") == KINDS[name]
    assert list(model_card.check_document(card.document)) == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_serve_is_refused_with_its_reason(adopt, name):
    with pytest.raises((BadRequest, ModelRefused), match=REFUSED[name]):
        adopt(tiny_models.MODELS[name]())


@pytest.mark.parametrize(("ir", "opset"), [(3, 8), (8, 7), (14, 28)])
def test_old_and_new_files_are_taken(adopt, ir, opset):
    model = onnx.load_from_string(tiny_models.plain())
    model.ir_version, model.opset_import[0].version = ir, opset
    model.graph.input.append(helper.make_tensor_value_info("weights", 1, [3, 5]))  # as files of before 2019 have them
    assert adopt(model.SerializeToString()).card.classes == tiny_models.CLASSES
    model.opset_import[0].version = 29
    with pytest.raises(ModelRefused, match="takes up to 28"):
        adopt(model.SerializeToString())


def test_softmax_twice_is_told(adopt):
    assert "softmax twice" in adopt(tiny_models.softmax_twice()).warnings[0]


def test_names_that_are_no_text_are_refused(adopt):
    body = tiny_models.plain().replace(b"\x01N\n", b"\x01\xff\n")
    with pytest.raises((BadRequest, ModelRefused), match="no text"):
        adopt(body)


def test_only_numbers_of_classes_are_refused(adopt):
    model = onnx.load_from_string(tiny_models.label_first())
    del model.graph.output[1]
    with pytest.raises(BadRequest, match="the best class alone: label"):
        adopt(model.SerializeToString())


def test_a_model_that_answers_always_alike_is_not_called_a_sigmoid(adopt):
    collapsed = onnx.load_from_string(tiny_models.logits())
    weights = collapsed.graph.initializer[0]
    weights.CopyFrom(numpy_helper.from_array(np.full((3, 5), 1e-9, np.float32), weights.name))
    assert adopt(collapsed.SerializeToString()).card.document["output"] == {"kind": "logits"}


def test_a_batch_that_is_fixed_is_told_what_it_costs(adopt):
    assert "8 pictures at a time" in " ".join(adopt(tiny_models.fixed_batch()).warnings)
    assert "at a time" not in " ".join(adopt(tiny_models.fixed_batch(1)).warnings)


def test_several_outputs_that_may_be_scores_are_asked_about(adopt):
    model = onnx.load_from_string(tiny_models.plain())
    model.graph.output.append(helper.make_tensor_value_info("scores", 1, ["N", 5]))
    with pytest.raises(BadRequest, match=r"say --output-name. It has probabilities .* scores"):
        adopt(model.SerializeToString())
    named = adopt(model.SerializeToString(), **{"output-name": "scores"})
    assert named.card.document["output"] == {"kind": "logits", "name": "scores"}


def test_layout_comes_from_the_axis_of_three(adopt):
    assert adopt(tiny_models.channels_last()).card.document["input"]["layout"] == "NHWC"
    with pytest.raises(BadRequest, match="takes layout nhwc; nchw by --layout"):
        adopt(tiny_models.channels_last(), layout="nchw")


def test_whole_numbers_want_levels_up_to_255(adopt):
    known = adopt(tiny_models.uint8(), range=None)
    assert known.card.document["input"]["std"] == [1 / 255] * 3
    assert known.facts["mean"].origin == "from the file"


def test_all_that_is_missing_is_asked_for_at_once(adopt):
    with pytest.raises(BadRequest, match=r"(?s)pixels \(.* x 3 x 32 x 32, float.*--classes FILE.*the 5 names.*--range"):
        adopt(tiny_models.plain(), classes=None, range=None)
    with pytest.raises(BadRequest, match=r"(?s)5 outputs, and 2 classes.*--range"):
        adopt(tiny_models.plain(), classes="a,b", range=None)


def test_what_is_guessed_is_called_so(adopt):
    facts = adopt(tiny_models.plain()).facts
    guessed = {name for name, fact in facts.items() if fact.guessed}
    assert guessed == {"name", "resize", "resize-size", "interpolation", "channels"}
    assert (facts["size"].origin, facts["output"].origin) == ("from the file", "measured by running it")


def test_a_way_to_resize_replaces_the_size_of_another():
    config, option = given_facts({"resize": "shorter-side", "resize-size": 36}), given_facts({"resize": "stretch"})
    assert join(config, option).keys() == {"resize"}


SENSELESS = (
    *({"name": "a/b"}, {"mean": "0,0,0"}, {"mean": "1,2", "std": "1"}, {"mean": "0", "std": "0"}, {"layout": "hwc"}),
    *({"mean": "9", "std": "1"}, {"range": "-1-1", "mean": "0", "std": "1"}, {"mean": "nan", "std": "1"}),
    *(
        {"mean": "0", "std": "-1"},
        {"mean": "0", "std": "128"},
        {"mean": "0", "std": "1e-9"},
        {"mean": "-1", "std": "1"},
    ),
    *({"range": "0-255", "mean": "0.485", "std": "0.229"}, {"range": "0-255", "mean": "0", "std": "0.5"}),
)


@pytest.mark.parametrize("options", SENSELESS)
def test_an_option_that_makes_no_sense_is_named(options):
    with pytest.raises(BadRequest, match=r"^--"):
        given_facts(options)


def test_all_options_that_make_no_sense_are_named_at_once():
    with pytest.raises(BadRequest, match=r"(?s)--resize crop.*--layout hwc"):
        given_facts({"resize": "crop", "layout": "hwc"})


def test_the_words_of_a_card_are_understood():
    facts = given_facts({"resize": "shorter_side", "layout": "NHWC", "output": "log_probabilities"})
    assert [fact.value for fact in facts.values()] == ["shorter-side", "nhwc", "log-probabilities"]


def test_gray_is_refused_where_the_file_takes_colours(adopt):
    with pytest.raises(BadRequest, match="three channels; gray by --channels"):
        adopt(tiny_models.plain(), channels="gray")


def test_an_option_holds_against_a_guess(adopt):
    options = {"resize": "shorter-side", "resize-size": 40, "interpolation": "bicubic", "channels": "bgr"}
    given = adopt(tiny_models.plain(), **options).card.document["input"]
    plain = {"size": 32, "mean": [0.0] * 3, "std": [1.0] * 3}
    chosen = {"resize": "shorter_side", "resize_size": 40, "interpolation": "bicubic", "channels": "BGR"}
    assert given == plain | chosen


@pytest.mark.parametrize(("names", "why"), [("a,b,c,d", "background"), ("a,b,c", "4 .* 3|5 outputs, and 3")])
def test_another_number_of_names_than_outputs_is_refused(adopt, names, why):
    with pytest.raises(BadRequest, match=why):
        adopt(tiny_models.plain(), classes=names)


def test_a_map_of_scores_names_its_classes(adopt):
    body = tiny_models.zip_map(("Soup", "Bread", "Egg", "Rice", "Meat"))
    assert adopt(body, classes=None).card.classes == ("Soup", "Bread", "Egg", "Rice", "Meat")
    with pytest.raises(BadRequest, match="another order"):
        adopt(body, classes=NAMES)


def test_numbers_in_place_of_names_are_asked_about(adopt):
    with pytest.raises(BadRequest, match="--classes"):
        adopt(tiny_models.zip_map(range(5)), classes=None)


def test_weights_beside_the_file_come_into_it(tmp_path):
    path = tiny_models.external_data(tmp_path)
    adopted = package.adopt(path, given_facts({"classes": tiny_models.CLASSES, "range": "0-1"}), created="2026-11-29")
    (tmp_path / "model.onnx.data").unlink()
    load_classifier(adopted.model, adopted.card)
    with pytest.raises(BadRequest, match=r"lie in 'model.onnx.data', which is not there"):
        package.adopt(path, {}, created="2026-11-29")


@pytest.mark.parametrize("place", ["../weights", "/etc/passwd", "C:\\weights"])
def test_weights_elsewhere_are_refused(tmp_path, place):
    path = tiny_models.external_data(tmp_path)
    model = onnx.load(path, load_external_data=False)
    model.graph.initializer[0].external_data[0].value = place
    path.write_bytes(model.SerializeToString())
    with pytest.raises(BadRequest, match="which is not beside it"):
        package.adopt(path, {}, created="2026-11-29")


def test_weights_that_were_cut_short_are_refused(tmp_path):
    path = tiny_models.external_data(tmp_path)
    (tmp_path / "model.onnx.data").write_bytes(b"")
    with pytest.raises(BadRequest, match=r"0 bytes, .* wants"):
        package.adopt(path, {}, created="2026-11-29")


def test_bytes_of_a_whole_file_stay_as_they_are(adopt):
    body = tiny_models.plain()
    assert adopt(body).model == body


def noted(**metadata):
    """The plain model with an exporter's notes."""
    model = onnx.load_from_string(tiny_models.plain())
    helper.set_model_props(model, metadata)
    return model.SerializeToString()


def test_notes_of_windows_machine_learning_tell_range_and_order(adopt):
    body = noted(**{"Image.BitmapPixelFormat": "Bgr8", "Image.NominalPixelRange": "NominalRange_0_255"})
    given = adopt(body, range=None).card.document["input"]
    assert (given["channels"], given["std"]) == ("BGR", [1 / 255] * 3)


def test_notes_of_ultralytics_tell_names_and_manners(adopt):
    names = dict(enumerate(tiny_models.CLASSES))
    body = noted(names=str(names), task="classify", imgsz="[32, 32]")
    adopted = adopt(body, classes=None, range=None)
    assert adopted.card.classes == tiny_models.CLASSES
    assert adopted.card.document["input"] == {"size": 32, "mean": [0.0] * 3, "std": [1.0] * 3, "resize": "shorter_side"}
    with pytest.raises(BadRequest, match="its task is 'detect'"):
        adopt(noted(names=str(names), task="detect"))


def test_notes_are_never_run(adopt, tmp_path):
    with pytest.raises(BadRequest, match="--classes"):
        adopt(noted(names=f"open({str(tmp_path / 'x')!r}, 'w')"), classes=None)
    assert not (tmp_path / "x").exists()


def normalised(*steps, layout="nchw"):
    """The plain model behind steps of (operator, values) on its pixels."""
    model = onnx.load_from_string(tiny_models.channels_last() if layout == "nhwc" else tiny_models.plain())
    first, name = model.graph.node[0], "pixels"
    for number, (kind, values) in enumerate(steps):
        shaped = np.array(values, np.float32).reshape((1, 1, 1, -1) if layout == "nhwc" else (1, -1, 1, 1))
        model.graph.initializer.append(numpy_helper.from_array(shaped, f"constant{number}"))
        model.graph.node.insert(number, helper.make_node(kind, [name, f"constant{number}"], [f"step{number}"]))
        name = f"step{number}"
    first.input[0] = name
    model.graph.ClearField("value_info")
    return model.SerializeToString()


IMAGENET, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.mark.parametrize(
    ("steps", "std", "channels"),
    [
        ([("Div", [255.0])], 1 / 255, "guessed"),
        ([("Mul", [1 / 127.5]), ("Sub", [1.0])], 1 / 255, "guessed"),
        ([("Mul", [1 / 255]), ("Sub", IMAGENET), ("Div", DEVIATION)], 1 / 255, "rgb"),
        ([("Sub", IMAGENET), ("Div", DEVIATION)], 1.0, "rgb"),
        ([("Add", [-103.939, -116.779, -123.68])], 1 / 255, "bgr"),
    ],
)
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_a_normalisation_inside_the_graph_is_seen(adopt, steps, std, channels, layout):
    adopted = adopt(normalised(*steps, layout=layout), range=None, output="logits")
    assert adopted.card.document["input"]["std"] == [std] * 3
    fact = adopted.facts["channels"]
    assert channels == ("guessed" if fact.guessed else fact.value)


def test_no_first_steps_prove_nothing(adopt):
    with pytest.raises(BadRequest, match="--range"):
        adopt(normalised(("Mul", [1.0])), range=None)
