from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from feedloop.domain.errors import Malformed, MetadataTooLarge
from feedloop.domain.prediction import Prediction, PredictionId, new_id, per_mille, ranked
from feedloop.domain.store_limits import check_metadata
from tests.support.strategies import any_text, prediction_ids, predictions

ID = "20261122-07-0412-9f2c11aa-4b0d4b0d4b0d4b0d4b0d4b0d4b0d4b0d-43210"


@given(prediction_ids())
def test_an_id_survives_being_written_down(prediction):
    assert PredictionId.parse(str(prediction)) == prediction


@given(prediction_ids())
def test_an_id_tells_its_time_to_the_second(prediction):
    assert new_id(prediction.time, (0, 0.5), "0" * 64, prediction.sample_key).time == prediction.time


def test_an_id_reads_as_the_design_spells_it():
    time = datetime(2026, 11, 22, 12, 0, 10, tzinfo=UTC)
    assert str(new_id(time, (7, 0.4127), "9f2c11aa" + "0" * 56, "4b0d" * 8)) == ID


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        ID + "\n",
        ID.replace("20261122", "20261131"),  # no such day
        ID.replace("20261122", "٢٠٢٦١١٢٢"),  # digits, but not ours
        ID.replace("-07-", "-007-"),
        ID.replace("-0412-", "-1001-"),
        ID.replace("-43210", "-86400"),
        ID.upper(),
    ],
)
def test_what_was_never_an_id_is_refused(wrong):
    with pytest.raises(Malformed):
        PredictionId.parse(wrong)


@given(st.text())
@example("20261122-0７-0412-9f2c11aa-4b0d4b0d4b0d4b0d4b0d4b0d4b0d4b0d-43210")
def test_any_other_text_is_no_id(text):
    with pytest.raises(Malformed):
        PredictionId.parse(text)


@pytest.mark.parametrize(
    ("confidence", "floored"),
    [(0.0, 0), (0.29, 290), (0.6999, 699), (0.69999, 699), (0.7, 700), (0.5799, 579), (1.0, 1000), (1.0000001, 1000)],
)
def test_a_confidence_is_floored_per_mille(confidence, floored):
    assert per_mille(confidence) == floored


@given(st.integers(0, 1000))
def test_no_decimal_loses_its_last_per_mille(thousandths):
    assert per_mille(thousandths / 1000) == thousandths


@given(st.floats(0, 1))
def test_the_key_and_the_record_agree_about_a_confidence(probability):
    ((_, confidence),) = ranked([probability])
    assert per_mille(confidence) == int(f"{confidence:.4f}".replace(".", "")[:4])


@given(st.floats(0, 1))
@example(0.69996)
def test_no_probability_is_told_larger_than_it_is(probability):
    ((_, floored),) = ranked([probability])
    assert floored <= probability + 1e-9


@given(predictions())
def test_doubt_means_below_the_threshold_and_not_on_it(prediction):
    on_it = replace(prediction, threshold=prediction.id.per_mille)
    assert not on_it.is_low_confidence
    assert replace(on_it, threshold=on_it.threshold + 1).is_low_confidence


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_the_ranking_keeps_the_twenty_largest_in_order(probabilities):
    top = ranked(probabilities)
    assert len(top) == min(20, len(probabilities))
    assert [p for _, p in top] == sorted((p for _, p in top), reverse=True)
    assert probabilities[top[0][0]] == max(probabilities)


def test_equal_probabilities_rank_by_class():
    assert [index for index, _ in ranked([0.2, 0.4, 0.4])] == [1, 2, 0]


def fits_any_store(metadata):
    try:
        check_metadata(metadata)
    except MetadataTooLarge:
        return False
    return True


@given(predictions())
def test_any_record_fits_any_store(prediction):
    assert fits_any_store(prediction.to_metadata())


@pytest.mark.parametrize(
    ("field", "name", "longest"),
    [("class_name", "class", 400), ("model_name", "model-name", 120), ("filename", "filename", 200)],
)
@given(prediction=predictions())
def test_a_text_is_kept_up_to_its_limit_and_cut_behind_it(prediction, field, name, longest):
    kept = [len(replace(prediction, **{field: "x" * length}).to_metadata()[name]) for length in (longest, longest + 1)]
    assert kept == [longest, longest]


@given(predictions())
def test_the_longest_record_fits_any_store(prediction):
    words = {"class_name": "茄" * 999, "filename": " 茄" * 999, "model_name": "é" * 999}
    numbers = {"threshold": 1000, "width": 10_000, "height": 10_000}
    top = tuple((9999 - i, 0.9999) for i in range(20))
    time = prediction.time.replace(microsecond=999_999)
    longest = replace(prediction, time=time, probabilities=top, **words, **numbers)
    assert fits_any_store(longest.to_metadata())


@given(predictions())
def test_a_record_survives_the_store_as_it_was_cut(prediction):
    once = Prediction.from_metadata(prediction.to_metadata())
    assert Prediction.from_metadata(once.to_metadata()) == once
    kept = replace(once, class_name="", model_name="", filename="")
    assert kept == replace(prediction, class_name="", model_name="", filename="")


@given(predictions(), any_text)
def test_words_come_back_as_they_went_in_or_shorter(prediction, name):
    assume(name.isprintable())
    record = Prediction.from_metadata(replace(prediction, filename=name).to_metadata())
    assert name.startswith(record.filename)


NAMES = ["", " lunch .jpg ", "two  blanks.jpg", "Fleisch & Soße.jpg", "拉麵.png", "a%20b.jpg"]


@given(predictions())
def test_everyday_file_names_come_back_whole(prediction):
    metadata = [replace(prediction, filename=name).to_metadata() for name in NAMES]
    assert [Prediction.from_metadata(each).filename for each in metadata] == NAMES


@given(predictions())
def test_a_record_with_a_hole_is_malformed(prediction):
    for name in ["prediction-id", "class", "probabilities", "threshold", "model", "time", "width"]:
        metadata = prediction.to_metadata()
        del metadata[name]
        with pytest.raises(Malformed):
            Prediction.from_metadata(metadata)


@given(predictions())
def test_a_record_that_does_not_read_is_malformed(prediction):
    for name in ["prediction-id", "probabilities", "threshold", "time", "width"]:
        for nonsense in ["", "?", "1:", "٣:٣:٣"]:
            with pytest.raises(Malformed):
                Prediction.from_metadata({**prediction.to_metadata(), name: nonsense})
