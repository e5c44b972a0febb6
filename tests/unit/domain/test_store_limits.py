import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain.errors import MetadataTooLarge
from feedloop.domain.store_limits import HEADER_NAMES, check_folder, check_metadata


def is_storable(metadata):
    try:
        check_metadata(metadata)
    except MetadataTooLarge:
        return False
    return True


@pytest.mark.parametrize(("size", "fits"), [(1900, True), (1901, False)])
def test_names_and_values_count_together(size, fits):
    assert is_storable({"name": "x" * (size - len("name"))}) == fits


def test_many_small_fields_count_with_their_prefix():
    fields = {f"n{i:03d}": "x" for i in range(128)}  # 2,048 bytes with `x-amz-meta-` before each
    assert is_storable(fields)
    assert not is_storable({**fields, "n000": "xx"})


@pytest.mark.parametrize("value", ["", " x", "x ", "é", "a\nb", "\x7f", "\t"])
def test_what_a_store_would_mangle_is_refused(value):
    assert not is_storable({"name": value})


@pytest.mark.parametrize("name", ["", "Name", "a_b", "a b", "é", *sorted(HEADER_NAMES)])
def test_a_name_that_is_not_plain_is_refused(name):
    assert not is_storable({name: "x"})


@given(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1).filter(lambda text: text == text.strip())
)
def test_printable_ascii_is_kept(value):
    assert is_storable({"name": value})


@pytest.mark.parametrize("key", ["output/userfeedback", "class_00", "/x"])
def test_a_prefix_that_would_match_its_neighbours_is_refused(key):
    with pytest.raises(ValueError, match="ends in /"):
        check_folder(key)
