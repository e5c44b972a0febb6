import json

import pytest

from feedloop.domain import keys
from feedloop.domain.errors import WrongSetting
from tests.support.servers import REGION
from training.commands import store_connection

KEYS = {"S3_ACCESS_KEY": "me", "S3_SECRET_KEY": "secret"}


def test_the_environment_names_the_store():
    store = store_connection.open_store({"S3_ENDPOINT": "http://s3.example", "BUCKET_PREFIX": "mine-", **KEYS})
    assert store.url(keys.current_model()) == "s3://mine-models/current.json"


def test_without_it_the_running_system_is_found(tmp_path):
    s3 = {"endpoint": "http://127.0.0.1:1", "access_key": "me", "secret_key": "secret"}
    (tmp_path / "connection.json").write_text(json.dumps({"s3": s3}))
    assert (
        store_connection.open_store({"DATA_DIR": str(tmp_path), "S3_REGION": REGION}).url(keys.models())
        == "s3://models/"
    )


def test_without_any_store_it_is_said_what_to_do(tmp_path):
    with pytest.raises(WrongSetting, match=r"S3_ENDPOINT.*make run"):
        store_connection.open_store({"DATA_DIR": str(tmp_path)})


def test_a_store_without_keys_is_refused():
    with pytest.raises(WrongSetting, match="S3_SECRET_KEY"):
        store_connection.open_store({"S3_ENDPOINT": "http://s3.example"})


@pytest.mark.parametrize("text", ["{", "{}", '{"s3": 1}', "[]"])
def test_a_connection_that_cannot_be_read_is_told(tmp_path, text):
    (tmp_path / "connection.json").write_text(text)
    with pytest.raises(WrongSetting, match="cannot be understood"):
        store_connection.open_store({"DATA_DIR": str(tmp_path)})
