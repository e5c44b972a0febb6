import math

import pytest

from simulation.truth import Fact, Truth
from tests.support.world import prediction


@pytest.fixture
def path(tmp_path):
    return tmp_path / "truth.jsonl"


def fact(number, true_class="Rice", predicted="Rice", day=0):
    return Fact(str(prediction(sample_key=f"{number:032x}").id), day, number, true_class, predicted)


def test_it_is_there_again_after_a_restart(path):
    facts = [fact(1), fact(2, predicted="Soup")]
    Truth(path).add(facts)
    assert list(Truth(path)) == facts


def test_a_line_that_a_kill_cut_off_is_forgotten_and_written_anew(path):
    Truth(path).add([fact(1), fact(2)])
    path.write_text(path.read_text()[:-5])
    again = Truth(path)
    assert again.numbers(0) == {1}
    again.add([fact(2)])
    assert Truth(path).numbers(0) == {1, 2}


def test_a_picture_is_found_by_the_sample_key_that_its_task_is_named_after(path):
    truth = Truth(path)
    truth.add([fact(7, true_class="Egg")])
    found = truth.of(f"{7:032x}")
    assert found is not None
    assert found.true_class == "Egg"
    assert truth.of("0" * 32) is None


def test_accuracy_is_the_share_of_right_answers_of_the_days_asked_for(path):
    truth = Truth(path)
    truth.add([fact(1), fact(2, predicted="Soup"), fact(3, predicted="Soup", day=1)])
    assert (truth.accuracy(range(1)), truth.accuracy(range(1, 2)), truth.accuracy(range(2))) == (0.5, 0, 1 / 3)
    assert math.isnan(truth.accuracy(range(5, 6)))
