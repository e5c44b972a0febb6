"""What every ObjectStore promises, asked of the one in memory, of SeaweedFS and of MinIO."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import md5
from threading import Barrier

import pytest

from feedloop.domain.errors import AlreadyExists, Changed, MetadataTooLarge, Missing, StoreMisconfigured
from feedloop.domain.keys import LABELSTUDIO, MODELS, TRACKING, ObjectRef
from feedloop.ports import Head, ObjectStore

HERE = ObjectRef(TRACKING, "labels/userfeedback/1.json")
ELSEWHERE = ObjectRef(MODELS, "copied")
NOWHERE = ObjectRef("no-such-bucket", "labels/1")
WRITERS = 16
STALE = md5(b"never written").hexdigest()


def fill(store: ObjectStore, *keys: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: store.create(ObjectRef(TRACKING, key), key.encode()), keys))


def listed(store: ObjectStore, folder: str, **choice) -> list[str]:
    return [entry.key for entry in store.list(ObjectRef(TRACKING, folder), **choice)]


def race(write: Callable[[bytes], str], loses: type[Exception]) -> list[bytes]:
    start = Barrier(WRITERS)

    def attempt(body: bytes) -> bytes | None:
        start.wait()
        try:
            write(body)
        except loses:
            return None
        return body

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = pool.map(attempt, [b"writer %d" % number for number in range(WRITERS)])
    return [answer for answer in answers if answer]


def test_what_was_created_is_read_back(store):
    etag = store.create(HERE, b'{"v": 1}', metadata={"class": "Rice"})
    found = store.get(HERE)
    assert (found.body, found.etag, found.size, found.metadata) == (b'{"v": 1}', etag, 8, {"class": "Rice"})


@pytest.mark.parametrize(
    ("most", "read"), [(0, 0), (1, 1), (2_999_999, 2_999_999), (3_000_000, 3_000_000), (9_000_000, 3_000_000)]
)
def test_no_more_of_a_body_is_read_than_is_asked_for(store, most, read):
    body = bytes(range(250)) * 12_000
    store.create(HERE, body)
    found = store.get(HERE, most=most)
    assert (found.body, found.size, found.is_whole) == (body[:read], 3_000_000, most >= 3_000_000)


def test_an_empty_object_is_an_object(store):
    store.create(HERE, b"")
    assert (store.get(HERE).body, store.head(HERE).size) == (b"", 0)


def test_a_body_above_five_megabytes_is_still_one_create_only_write(store):
    body = bytes(9_000_000)
    store.create(HERE, body)
    with pytest.raises(AlreadyExists):
        store.create(HERE, body)
    assert store.get(HERE).etag == md5(body).hexdigest()


def test_an_etag_is_the_body_s_md5_without_quotes_wherever_it_is_told(store):
    etag = store.create(HERE, b"one")
    (entry,) = store.list(ObjectRef(TRACKING, "labels/userfeedback/"))
    assert {etag, entry.etag, store.head(HERE).etag, store.get(HERE).etag} == {md5(b"one").hexdigest()}


def test_a_head_tells_all_but_the_body(store):
    store.create(HERE, b"one", metadata={"class": "Rice"})
    found = store.get(HERE)
    head = store.head(HERE)
    assert Head(head.etag, head.size, head.modified, head.metadata) == Head(
        found.etag, found.size, found.modified, found.metadata
    )


def test_a_second_writer_is_told_and_changes_nothing(store):
    store.create(HERE, b"first")
    with pytest.raises(AlreadyExists):
        store.create(HERE, b"second")
    assert store.get(HERE).body == b"first"


@pytest.mark.slow("who loses at SeaweedFS asks again once a second")
def test_of_racing_creators_one_wins_and_its_body_stays(store):
    winners = race(lambda body: store.create(HERE, body), AlreadyExists)
    assert winners == [store.get(HERE).body]


def test_a_replacement_needs_the_etag_that_was_read(store):
    first = store.create(HERE, b"first")
    second = store.replace(HERE, b"second", etag=first)
    with pytest.raises(Changed):
        store.replace(HERE, b"third", etag=first)
    assert (store.get(HERE).body, store.get(HERE).etag) == (b"second", second)


def test_a_replacement_of_nothing_is_refused(store):
    with pytest.raises(Changed):
        store.replace(HERE, b"first", etag=STALE)
    with pytest.raises(Missing):
        store.get(HERE)


@pytest.mark.slow("who loses at SeaweedFS asks again once a second")
def test_of_racing_replacers_one_wins_and_its_body_stays(store):
    etag = store.create(HERE, b"first")
    winners = race(lambda body: store.replace(HERE, body, etag=etag), Changed)
    assert winners == [store.get(HERE).body]


@pytest.mark.parametrize("verb", ["get", "head"])
def test_what_is_not_there_is_missing(store, verb):
    with pytest.raises(Missing):
        getattr(store, verb)(HERE)


@pytest.mark.parametrize("key", ["labels/../labels", "labels//1", "labels/./1"])
def test_a_key_that_no_store_takes_is_missing(store, key):
    with pytest.raises(Missing):
        store.get(ObjectRef(TRACKING, key))


def test_printable_metadata_comes_back_as_it_went(store):
    metadata = {"filename": "a%20b%C3%A9.jpg", "probabilities": "7:0.4127,0:0.2000", "odd": "q\"<>&;=~'  two"}
    store.create(HERE, b"", metadata=metadata)
    assert store.head(HERE).metadata == store.get(HERE).metadata == metadata


@pytest.mark.parametrize("fields", [1, 13])
def test_metadata_up_to_the_limit_is_taken(store, fields):
    metadata = {f"n{number:02}": "x" for number in range(fields)}
    metadata["n00"] += "x" * (1900 - 4 * fields)
    store.create(HERE, b"", metadata=metadata)
    assert store.head(HERE).metadata == metadata


@pytest.mark.parametrize(
    "metadata",
    [
        {"n": "x" * 1900},
        {f"n{number:02}": "x" * 92 for number in range(20)},  # 1,900 bytes, but MinIO counts 2,120
        {"n": "Crêpe"},
        {"n": "two\r\nlines"},
        {"n": ""},
        {"n": " led by space"},
        {"Name": "x"},
        {"content-type": "x"},
    ],
)
def test_metadata_that_a_store_might_refuse_or_mangle_is_not_sent(store, metadata):
    with pytest.raises(MetadataTooLarge):
        store.create(HERE, b"", metadata=metadata)
    with pytest.raises(Missing):
        store.get(HERE)


def test_a_copy_has_the_same_bytes_and_metadata_in_another_bucket(store):
    store.create(HERE, b"\xff\xd8", metadata={"class": "Rice"}, content_type="image/jpeg")
    store.copy(HERE, ELSEWHERE)
    source, copied = store.get(HERE), store.get(ELSEWHERE)
    assert (copied.body, copied.etag, copied.metadata) == (source.body, source.etag, source.metadata)


def test_a_copy_above_five_megabytes_keeps_its_etag(store):
    etag = store.create(HERE, bytes(9_000_000))
    store.copy(HERE, ELSEWHERE)
    assert store.head(ELSEWHERE).etag == etag


def test_copying_again_is_fine(store):
    store.create(HERE, b"one")
    store.copy(HERE, ELSEWHERE)
    store.copy(HERE, ELSEWHERE)
    assert store.get(ELSEWHERE).body == b"one"


def test_a_copy_of_nothing_is_missing(store):
    with pytest.raises(Missing):
        store.copy(HERE, ELSEWHERE)
    with pytest.raises(Missing):
        store.get(ELSEWHERE)


def test_deleting_twice_is_deleting_once(store):
    store.create(HERE, b"one")
    store.delete(HERE)
    store.delete(HERE)
    with pytest.raises(Missing):
        store.get(HERE)


def test_what_was_deleted_may_be_created_again(store):
    store.create(HERE, b"one")
    store.delete(HERE)
    store.create(HERE, b"two")
    assert store.get(HERE).body == b"two"


def test_an_empty_folder_lists_nothing(store):
    assert listed(store, "labels/") == []


def test_an_entry_tells_size_and_time(store):
    store.create(HERE, b"four")
    (entry,) = store.list(ObjectRef(TRACKING, "labels/"))
    assert (entry.key, entry.size) == (HERE.key, 4)
    assert abs(entry.modified - store.head(HERE).modified) <= timedelta(seconds=1)


def test_keys_come_in_byte_order(store):
    names = ["1", "1-a", "10", "10-a", "100", "101", "9", "9-b", "A", "a", "a.jpg", "~"]
    fill(store, *(f"ids/{name}" for name in reversed(names)))
    assert listed(store, "ids/") == sorted(f"ids/{name}" for name in names)


def test_a_folder_does_not_list_its_longer_neighbours(store):
    fill(store, "class_1/a", "class_10/b", "class_100/c", "class_10b")
    assert listed(store, "class_10/") == ["class_10/b"]


def test_a_folder_without_its_slash_is_refused(store):
    with pytest.raises(ValueError, match="class_10"):
        listed(store, "class_10")


def test_a_folder_lists_what_lies_below_its_folders(store):
    fill(store, "class_01/20261122/b", "class_01/20261121/a", "class_02/20261121/c")
    assert listed(store, "class_01/") == ["class_01/20261121/a", "class_01/20261122/b"]
    assert listed(store, "") == ["class_01/20261121/a", "class_01/20261122/b", "class_02/20261121/c"]


def test_the_first_keys_of_a_folder_can_be_had_alone(store):
    fill(store, *(f"day/{number:03}" for number in range(20)))
    assert listed(store, "day/", limit=3) == ["day/000", "day/001", "day/002"]
    assert listed(store, "day/", limit=0) == []


def test_a_listing_starts_after_a_key_that_may_be_gone(store):
    fill(store, "day/1", "day/2", "day/4", "eve/1")
    assert listed(store, "day/", start_after="day/2") == ["day/4"]
    assert listed(store, "day/", start_after="day/3", limit=1) == ["day/4"]
    assert listed(store, "day/", start_after="day/4") == []


def test_a_listing_goes_on_after_a_thousand_keys(store):
    names = [f"many/{number:04}" for number in range(1005)]
    fill(store, *names)
    assert listed(store, "many/") == names
    assert listed(store, "many/", start_after=names[1], limit=1002) == names[2:1004]


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.get(NOWHERE),
        lambda store: store.head(NOWHERE),
        lambda store: store.create(NOWHERE, b""),
        lambda store: store.copy(NOWHERE, HERE),
        lambda store: store.delete(NOWHERE),
        lambda store: list(store.list(ObjectRef("no-such-bucket", "labels/"))),
    ],
    ids=["get", "head", "create", "copy", "delete", "list"],
)
def test_a_missing_bucket_is_named(store, ask):
    with pytest.raises(StoreMisconfigured, match="no-such-bucket does not exist"):
        ask(store)


def test_replacing_in_a_missing_bucket_writes_nothing(store):
    """SeaweedFS judges the condition first and says Changed; the others name the bucket."""
    with pytest.raises((StoreMisconfigured, Changed)):
        store.replace(NOWHERE, b"", etag=STALE)


def test_the_store_s_clock_dates_what_it_keeps(store):
    before = store.now()
    store.create(HERE, b"")
    assert before <= store.head(HERE).modified <= store.now()
    assert abs(before - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_address_names_bucket_and_key(store):
    address = store.url(ObjectRef(LABELSTUDIO, "images/1.jpg"))
    assert address.startswith("s3://")
    assert address.endswith("labelstudio/images/1.jpg")
