from ipaddress import ip_network

import pytest

from feedloop.domain.callers import INSIDE, Pace
from feedloop.domain.errors import WrongSetting
from feedloop.settings import EVENT_TOKEN, Settings

HERE = {"S3_ENDPOINT": "http://store.example"}


def read(**chosen):
    return Settings.read({**HERE, **chosen})


def test_one_name_is_enough_to_start():
    settings = Settings.read(HERE)
    assert (settings.s3_endpoint, settings.low_confidence_threshold) == ("http://store.example", 700)


def test_a_missing_name_is_told():
    with pytest.raises(WrongSetting, match="S3_ENDPOINT is not set"):
        Settings.read({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("S3_ENDPOINT", "store.example"),
        ("REPORT_OPEN", "yes"),
        ("LOW_CONFIDENCE_THRESHOLD", "1.1"),
        ("LOW_CONFIDENCE_THRESHOLD", "-0.1"),
        ("LOW_CONFIDENCE_THRESHOLD", "nan"),
        ("LOW_CONFIDENCE_THRESHOLD", "high"),
        ("SAMPLE_COUNT", "0"),
        ("SAMPLE_COUNT", "five"),
        ("SAMPLE_COUNT", "1_0"),
        ("SWEEP_WORKERS", "-1"),
        ("PREDICT_LIMIT", "60"),
        ("FLAG_LIMIT", "60/0"),
        ("RELABEL_LIMIT", "60/120/1"),
        ("PREDICT_LIMIT", ""),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "private, nginx"),
        ("SWEEP_LEASE_SECONDS", "1.5"),
    ],
)
def test_a_wrong_value_is_told_with_its_name(name, value):
    with pytest.raises(WrongSetting, match=f"{name}='{value}' is wrong"):
        read(**{name: value})


@pytest.mark.parametrize(("text", "thousandths"), [("0", 0), ("0.29", 290), ("0.6999", 699), ("0.7", 700), ("1", 1000)])
def test_the_threshold_is_kept_in_whole_thousandths(text, thousandths):
    assert read(LOW_CONFIDENCE_THRESHOLD=text).low_confidence_threshold == thousandths


def test_origins_are_separated_by_commas_and_need_no_last_slash():
    origins = read(ALLOWED_ORIGINS=" https://food.example/, http://localhost:8080 ,").allowed_origins
    assert origins == ("https://food.example", "http://localhost:8080")


def test_a_limit_is_calls_a_minute_and_at_once_or_none():
    settings = read(PREDICT_LIMIT="30/5", FLAG_LIMIT="0")
    assert (settings.predict_limit, settings.flag_limit, settings.relabel_limit) == (Pace(30, 5), None, Pace(60, 120))


def test_trusted_proxies_are_networks_and_all_private_ones_by_a_word():
    cdn = "198.51.100.0/24"
    assert read(TRUSTED_PROXIES=f"private, {cdn}").trusted_proxies == (*INSIDE, ip_network(cdn))
    assert read(TRUSTED_PROXIES="").trusted_proxies == ()


def test_a_secret_is_a_file_and_its_last_line_end_does_not_count(tmp_path):
    (tmp_path / EVENT_TOKEN).write_text("open sesame\n")
    assert read(SECRETS_DIR=str(tmp_path)).secret(EVENT_TOKEN) == "open sesame"


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_secret_that_is_missing_or_empty_stops_the_start(tmp_path, content):
    if content is not None:
        (tmp_path / EVENT_TOKEN).write_text(content)
    with pytest.raises(WrongSetting, match=EVENT_TOKEN):
        read(SECRETS_DIR=str(tmp_path)).secret(EVENT_TOKEN)


def test_no_secret_is_printed_with_the_settings(tmp_path):
    (tmp_path / EVENT_TOKEN).write_text("open sesame")
    assert "sesame" not in repr(read(SECRETS_DIR=str(tmp_path)))
