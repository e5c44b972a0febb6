import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain import keys
from feedloop.domain.errors import Malformed
from tests.support.strategies import hexadecimal, prediction_ids

queues = st.sampled_from(keys.QUEUES)
classes = st.integers(0, 9999)


@given(prediction_ids())
def test_a_production_key_tells_its_prediction(prediction):
    assert keys.parse_production(keys.production(prediction).key) == prediction


@given(prediction_ids())
def test_a_production_key_lies_in_the_folder_of_its_day_and_class(prediction):
    folder = keys.production_day(prediction.class_index, prediction.day)
    assert keys.production(prediction).key == folder.key + keys.production(prediction).name
    assert keys.production(prediction).name.startswith(prediction.sample_key)  # what the sample sorts by


@given(queues, classes, prediction_ids())
def test_a_dataset_key_tells_both_classes(queue, human, prediction):
    ref = keys.dataset(queue, human, prediction)
    assert ref.bucket in keys.BUCKETS
    assert keys.parse_dataset(ref.key) == (human, prediction)


@given(queues, st.integers(1).map(str) | hexadecimal(32))
def test_an_output_key_tells_its_queue_and_annotation(queue, annotation):
    ref = keys.output(queue, annotation)
    assert ref.key.startswith(keys.outputs(queue).key)
    assert keys.parse_output(ref.key) == (queue, annotation)


@given(hexadecimal(32))
def test_an_image_address_tells_its_random_part(random):
    folder = "s3://some-prefix-labelstudio/images/"
    assert keys.parse_image_url(f"{folder}{keys.image(random).name}", images=folder) == random


@pytest.mark.parametrize(
    "url", ["", "s3://other/images/" + "0" * 32 + ".jpg", "s3://labelstudio/images/../../production/class_00/x.jpg"]
)
def test_an_address_elsewhere_is_not_one_of_ours(url):
    with pytest.raises(Malformed):
        keys.parse_image_url(url, images="s3://labelstudio/images/")


@pytest.mark.parametrize("key", ["", "output/", "output/other/1", "output/randomsampled/1/2", "tasks/randomsampled/1"])
def test_any_other_key_is_no_output(key):
    assert keys.parse_output(key) is None


@pytest.mark.parametrize("read", [keys.parse_production, keys.parse_dataset])
@given(st.text() | st.just("class_07/20261122/x.jpg") | st.just("class_٠٧/x.jpg"))
def test_a_key_that_we_never_wrote_is_malformed(read, key):
    with pytest.raises(Malformed):
        read(key)


@given(prediction_ids(), classes)
def test_a_class_folder_has_one_spelling(prediction, human):
    key = keys.dataset(keys.USER_FEEDBACK, human, prediction).key
    with pytest.raises(Malformed):
        keys.parse_dataset(key.replace("class_", "class_0"))


@given(st.lists(st.integers(1, 10**6), unique=True), hexadecimal(32))
def test_outputs_and_their_versions_list_in_the_same_order(annotations, etag):
    ids = [str(annotation) for annotation in annotations]
    by_output = sorted(ids, key=lambda id_: keys.output(keys.LOW_CONFIDENCE, id_).key)
    by_version = sorted(ids, key=lambda id_: keys.version("curated", keys.LOW_CONFIDENCE, id_, etag).key)
    assert by_output == by_version


def every_folder():
    prefixes = [keys.outputs(queue).key for queue in keys.QUEUES]
    return [*prefixes, *(keys.versions(state, queue).key for state in ("curated", "open") for queue in keys.QUEUES)]


@pytest.mark.parametrize("folder", every_folder())
def test_no_folder_is_the_beginning_of_another(folder):
    assert folder.endswith("/")
    assert [other for other in every_folder() if other.startswith(folder)] == [folder]


@given(prediction_ids())
def test_a_production_key_splits_into_the_parts_of_its_prediction(p):
    parts = (f"{p.class_index:02d}", p.day, p.sample_key, f"{p.per_mille:04d}", p.model, f"{p.second:05d}")
    assert keys.split_production(keys.production(p).key) == parts
    assert keys.split_production(f"{keys.production(p).key}.bak") is None


@given(queues, classes, prediction_ids())
def test_what_people_are_asked_and_say_tells_the_sample_key(queue, human, p):
    assert keys.dataset_sample_key(keys.dataset(queue, human, p).key) == p.sample_key
    assert keys.task_sample_key(keys.task(queue, p.sample_key).key) == p.sample_key


@pytest.mark.parametrize("key", ["class_00/notes.txt", f"class_00/{'a' * 32}.jpg", f"tasks/{'a' * 32}.json", ""])
def test_a_key_that_is_not_whole_has_no_sample_key(key):
    assert (keys.dataset_sample_key(key), keys.task_sample_key(key)) == (None, None)


@given(prediction_ids())
def test_a_days_file_tells_its_day(p):
    assert keys.parse_day_file(keys.day_file(p.day).key) == p.day
    assert keys.parse_day_file("days/notes.txt") is None
