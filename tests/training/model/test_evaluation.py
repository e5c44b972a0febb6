import numpy as np
import pytest
from PIL import Image

from training.checks import confusion_chart
from training.model import evaluation

NAMES = ("Bread", "Egg")
ANSWERS = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.3, 0.7]])


@pytest.fixture
def report():
    return evaluation.evaluate(ANSWERS, [0, 0, 1, 1], NAMES)


def test_the_report_counts_correct_answers(report):
    assert (report.correct, report.count) == (3, 4)
    assert report.confusion.tolist() == [[2, 0], [1, 1]]


def test_a_document_says_how_sure_the_accuracy_is(report):
    document = report.to_document()
    assert (document["accuracy"], document["interval"]) == (0.75, [0.3006, 0.9544])
    assert document["per_class"] == {"Bread": 1.0, "Egg": 0.5}


def test_confidence_that_comes_true_has_no_calibration_error():
    answers = np.array([[0.75, 0.25]] * 4)
    assert evaluation.evaluate(answers, [0, 0, 0, 1], NAMES).calibration_error == pytest.approx(0)


def test_confidence_that_never_comes_true_is_all_error():
    answers = np.array([[1.0, 0.0]] * 4)
    assert evaluation.evaluate(answers, [1, 1, 1, 1], NAMES).calibration_error == pytest.approx(1)


def test_reliability_counts_every_answer_once(report):
    assert sum(part.count for part in report.bins) == report.count


def test_confident_means_what_it_means_to_predict():
    answers = np.array([[0.7, 0.3], [0.6999, 0.3001]])
    assert evaluation.share_above_threshold(answers) == 0.5


def test_a_class_that_was_not_shown_has_no_share():
    assert evaluation.evaluate(ANSWERS, [0, 0, 0, 0], NAMES).to_document()["per_class"]["Egg"] is None


def test_the_confusion_matrix_is_drawn(report, tmp_path):
    confusion_chart.save_confusion(report, tmp_path / "matrix.png")
    with Image.open(tmp_path / "matrix.png") as image:
        assert image.format == "PNG"
        colours = {colour for _, colour in image.convert("RGB").getcolors(100_000) or []}
        assert {(33, 102, 172), (216, 140, 149)} <= colours  # all of Bread is right, half of Egg is wrong


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_the_temperature_is_what_logits_were_multiplied_by(temperature):
    true = np.log(np.array([[0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]))
    targets = np.exp(true)
    assert evaluation.fit_temperature(true * temperature, targets) == pytest.approx(temperature, rel=1e-6)


def test_confident_and_wrong_answers_are_made_as_unsure_as_may_be():
    assert evaluation.fit_temperature(np.array([[9.0, 0.0]]), np.array([[0.0, 1.0]])) == pytest.approx(20, rel=1e-6)
