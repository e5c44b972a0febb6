import json
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop import events
from feedloop.domain import keys
from feedloop.domain.errors import BadRequest
from feedloop.domain.keys import ObjectRef

object_keys = st.text(st.characters(codec="utf-8"), min_size=1)


def s3_event(*refs):
    records = [{"s3": {"bucket": {"name": ref.bucket}, "object": {"key": quote_plus(ref.key)}}} for ref in refs]
    return json.dumps({"EventName": "s3:ObjectCreated:Put", "Records": records}).encode()


@given(st.lists(object_keys))
def test_an_s3_event_names_its_objects_whatever_they_are_called(chosen):
    refs = [ObjectRef("labelstudio", key) for key in chosen]
    assert events.changed_objects(s3_event(*refs)) == refs


@given(object_keys)
def test_a_seaweedfs_event_names_its_object(key):
    body = json.dumps({"key": f"/buckets/labelstudio/{key}", "event_type": "create"}).encode()
    assert events.changed_objects(body) == [ObjectRef("labelstudio", key)]


def test_buckets_are_told_without_the_deployments_prefix():
    refs = [ObjectRef("mine-labelstudio", "a"), ObjectRef("labelstudio", "b"), ObjectRef("yours-labelstudio", "c")]
    assert events.changed_objects(s3_event(*refs), bucket_prefix="mine-") == [ObjectRef("labelstudio", "a")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"3",
        b'{"Records": 3}',
        b'{"Records": [{}]}',
        b'{"key": 3}',
        b'{"key": "/topics/x"}',
        b'{"Records": [{"s3": {"bucket": {"name": 3}, "object": {"key": "x"}}}]}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_store_event_is_refused(body):
    with pytest.raises(BadRequest, match="not a store event"):
        events.changed_objects(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"event_type":"create","key":"/buckets/labelstudio/output/lowconfidence/\\ud800"}',
        b'{"Records":[{"s3":{"bucket":{"name":"labelstudio"},"object":{"key":"output/lowconfidence/\\ud800"}}}]}',
    ],
)
def test_half_a_character_in_a_key_reaches_nobody(body):
    (ref,) = events.changed_objects(body)
    assert keys.parse_output(ref.key) == ("lowconfidence", "\ufffd")
