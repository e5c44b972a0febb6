"""Damage of every kind ends as a picture or as a refusal; the same damage on every run."""

from random import Random

import pytest

from feedloop.adapters.pictures import normalise, prepare
from feedloop.domain.errors import BrokenPicture, TooLarge, UnsupportedPicture
from tests.support.hostile import wholes
from tests.support.mutants import mutant
from tests.support.stretching import stretched

EACH = 400
REFUSALS = (BrokenPicture, TooLarge, UnsupportedPicture)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


@pytest.mark.parametrize("name", wholes())
def test_a_damaged_file_is_a_picture_or_refused(name):
    rng, whole, ends = Random(f"mutants of {name}"), wholes()[name], {"taken": 0, "refused": 0}
    for _ in range(EACH):
        try:
            picture = normalise(mutant(whole, rng))
        except REFUSALS:
            ends["refused"] += 1
        else:  # what was taken can be shown to the model
            ends["taken"] += len(prepare(picture, stretched(32))) == 32 * 32 * 3
    assert sum(ends.values()) == EACH
    assert ends["refused"] > EACH / 10
