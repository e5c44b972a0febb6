import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from feedloop.domain import receipts
from feedloop.domain.errors import UnknownPrediction
from tests.support import world
from tests.support.strategies import any_text, prediction_ids

KEY = b"a signing key of this test"


@given(prediction_ids(), st.binary(min_size=1))
def test_a_receipt_tells_its_prediction(prediction, key):
    assert receipts.verify(receipts.sign(prediction, key), key) == prediction


@given(prediction_ids(), st.data())
def test_a_receipt_with_one_character_changed_is_unknown(prediction, data):
    receipt = receipts.sign(prediction, KEY)
    at, other = data.draw(st.integers(0, len(receipt) - 1)), data.draw(st.characters(codec="utf-8"))
    assume(receipt[at] != other)
    with pytest.raises(UnknownPrediction):
        receipts.verify(receipt[:at] + other + receipt[at + 1 :], KEY)


@given(prediction_ids())
def test_a_receipt_of_another_key_is_unknown(prediction):
    with pytest.raises(UnknownPrediction):
        receipts.verify(receipts.sign(prediction, KEY), b"another key")


@given(any_text | prediction_ids().map(str))
def test_whatever_is_sent_as_a_receipt_gets_the_same_answer(text):
    with pytest.raises(UnknownPrediction):
        receipts.verify(text, KEY)


def test_a_signed_text_that_is_no_id_is_unknown():
    signature = receipts.digest("not an id", KEY, purpose="receipt")
    with pytest.raises(UnknownPrediction):
        receipts.verify(f"not an id.{signature}", KEY)


@given(any_text)
def test_digests_of_different_purposes_never_meet(text):
    assert receipts.digest(text, KEY, purpose="receipt") != receipts.digest(text, KEY, purpose="request")


@pytest.mark.parametrize("signature", ["\ud800", "é", "", "\0"])
def test_a_signature_of_other_characters_is_unknown(signature):
    text = receipts.sign(world.prediction().id, b"key").rpartition(".")[0]
    with pytest.raises(UnknownPrediction):
        receipts.verify(f"{text}.{signature}", b"key")
