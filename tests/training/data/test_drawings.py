import hashlib
from random import Random

import pytest

from feedloop.adapters.pictures import normalise
from tests.support.demo import CARD, MODEL, served
from tests.support.uploads import encoded
from training.data import outliers
from training.data.drawings import CLASSES, draw


def answer(image):
    probabilities = served().classifier.probabilities(normalise(encoded(image, quality=80)))
    return probabilities.index(max(probabilities)), max(probabilities)


@pytest.mark.parametrize("name", CLASSES)
def test_the_same_seed_draws_the_same_picture(name):
    assert draw(name, Random(3)).tobytes() == draw(name, Random(3)).tobytes() != draw(name, Random(4)).tobytes()


def test_the_card_lists_the_classes_that_are_drawn():
    assert CARD["classes"] == list(CLASSES)


def test_the_demonstration_model_recognises_new_drawings():
    rng = Random("new drawings")
    answers = [(index, answer(draw(name, rng))) for _ in range(20) for index, name in enumerate(CLASSES)]
    sure = [(index, found) for index, (found, confidence) in answers if confidence >= 0.7]
    assert sum(index == found for index, (found, _) in answers) > 0.9 * len(answers)
    assert sum(index == found for index, found in sure) > 0.95 * len(sure)
    assert len(sure) > 0.65 * len(answers)


@pytest.mark.parametrize("kind", ["clouds", "clutter", "clouded_clutter", "table", "shuffled", "blend"])
def test_the_demonstration_model_is_unsure_about_anything_else(kind):
    rng = Random("something else")
    confidences = [answer(getattr(outliers, kind)(rng))[1] for _ in range(40)]
    assert sum(confidences) / len(confidences) < 0.5


def test_the_card_belongs_to_its_model_and_says_what_it_is_not():
    assert CARD["sha256"] == hashlib.sha256(MODEL).hexdigest()
    assert "nothing of real food" in CARD["note"]
    assert len(MODEL) < 10_000_000
