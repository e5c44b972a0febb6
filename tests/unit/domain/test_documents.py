import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain.documents import dump, load
from feedloop.domain.errors import Malformed

words = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda v: st.lists(v, max_size=4) | st.dictionaries(words, v, max_size=4),
)
documents = st.dictionaries(words, values, max_size=6)


@given(documents)
def test_a_document_survives_the_store(document):
    assert load(dump(document)) == document


@given(documents)
def test_the_same_document_is_the_same_bytes(document):
    assert dump(dict(reversed(document.items()))) == dump(document)


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{", b"\xff\xfe{}", b"null", b"[" * 100_000])
def test_what_is_no_json_object_is_malformed(body):
    with pytest.raises(Malformed):
        load(body)


HALVES = ["\ud800", "\udfff", "a\ud83d", "\ude00\ud83d", "\ud83d\ud83d\ude00"]


@pytest.mark.parametrize("half", HALVES, ids=ascii)
@pytest.mark.parametrize("shape", ['{"a":"%s"}', '{"%s":1}', '{"a":[{"b":"%s"}]}', '{"a":"%s\\u0000\\\\"}'])
def test_half_of_a_surrogate_pair_is_read_as_a_character_that_can_be_written(shape, half):
    document = load((shape % json.dumps(half)[1:-1]).encode())
    assert load(dump(document)) == document
    assert "\ufffd" in str(document)


def test_a_whole_pair_and_an_escaped_backslash_stay_what_they_are():
    assert load(rb'{"a":"\ud83d\ude00","b":"\\ud800"}') == {"a": "\U0001f600", "b": "\\ud800"}


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "Infinity", "1e400", "-1e99999"])
def test_a_number_that_json_cannot_write_is_read_as_nothing(number):
    assert dump(load(f'{{"a":{number},"b":1.5}}'.encode())) == b'{"a":null,"b":1.5}'


@pytest.mark.parametrize(
    "body", [b'{"a":"\xed\xa0\x80"}', b'{"a":' + b"9" * 5000 + b"}", b'{"a":"\n"}', b'{"a":"\xff"}']
)
def test_what_json_forbids_is_malformed(body):
    with pytest.raises(Malformed):
        load(body)
