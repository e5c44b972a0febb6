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
