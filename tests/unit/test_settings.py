from ipaddress import ip_network

import pytest

from feedloop.domain.errors import WrongSetting
from feedloop.domain.rate_limits import INSIDE, RateLimit
from feedloop.settings import EVENT_TOKEN, S3_ACCESS_KEY, S3_SECRET_KEY, SECRETS_OF, Settings

HERE = {"S3_ENDPOINT": "http://store.example"}


def read(**chosen):
    return Settings.from_environment({**HERE, **chosen})


def test_one_name_is_enough_to_start():
    settings = Settings.from_environment(HERE)
    assert (settings.s3_endpoint, settings.low_confidence_threshold) == ("http://store.example", 700)


def test_a_missing_name_is_told():
    with pytest.raises(WrongSetting, match="S3_ENDPOINT is not set"):
        Settings.from_environment({})


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
    assert (settings.predict_limit, settings.flag_limit, settings.relabel_limit) == (
        RateLimit(30, 5),
        None,
        RateLimit(60, 120),
    )


def test_trusted_proxies_are_networks_and_all_private_ones_by_a_word():
    cdn = "198.51.100.0/24"
    assert read(TRUSTED_PROXIES=f"private, {cdn}").trusted_proxies == (*INSIDE, ip_network(cdn))
    assert read(TRUSTED_PROXIES="").trusted_proxies == ()


@pytest.mark.parametrize("content", [b"open sesame\n", b"open sesame\r\n", b" \topen sesame  \n\n"])
def test_a_secret_is_a_file_and_line_ends_and_blanks_around_it_do_not_count(tmp_path, content):
    (tmp_path / EVENT_TOKEN).write_bytes(content)
    assert read(SECRETS_DIR=str(tmp_path)).secret(EVENT_TOKEN) == "open sesame"


UNUSABLE = {
    None: "cannot be read",
    b"": "is empty",
    b" \r\n\n": "is empty",
    b"\xef\xbb\xbfopen sesame\n": "begins with a byte order mark",
    "open sesame".encode("utf-16"): "begins with a byte order mark",
    b"open\nsesame\n": "has several lines",
    b"open\rsesame": "has several lines",
    b"open\x00sesame": "holds characters",
    b"\x89PNG\x1a\xff": "holds characters",
    "s\u00e9same".encode(): "holds characters",
    b"open\tsesame": "holds characters",
    b"a" * 5000: "has 5000 characters",
}


@pytest.mark.parametrize("content", UNUSABLE)
def test_a_secret_that_cannot_be_used_is_named_with_the_reason_and_not_shown(tmp_path, content):
    if content is not None:
        (tmp_path / EVENT_TOKEN).write_bytes(content)
    with pytest.raises(WrongSetting, match=f"{EVENT_TOKEN} {UNUSABLE[content]}") as refusal:
        read(SECRETS_DIR=str(tmp_path)).secret(EVENT_TOKEN)
    assert "sesame" not in str(refusal.value)


def test_a_folder_in_the_place_of_a_secret_is_told(tmp_path):
    (tmp_path / EVENT_TOKEN).mkdir()
    with pytest.raises(WrongSetting, match=f"{EVENT_TOKEN} cannot be read"):
        read(SECRETS_DIR=str(tmp_path)).secret(EVENT_TOKEN)


@pytest.mark.parametrize("function", SECRETS_OF)
def test_a_function_starts_with_its_secrets_and_not_without_any_of_them(tmp_path, function):
    here = read(SECRETS_DIR=str(tmp_path), LABEL_STUDIO_URL="http://label-studio.example")
    pair = (S3_ACCESS_KEY, S3_SECRET_KEY) if function != "events" else ()
    for name in (needed := (*SECRETS_OF[function], *pair)):
        (tmp_path / name).write_text("x")
    here.require_secrets(function)
    for name in needed:
        (tmp_path / name).write_text("two\nlines")
        with pytest.raises(WrongSetting, match=name):
            here.require_secrets(function)
        (tmp_path / name).write_text("x")


def test_no_secret_is_printed_with_the_settings(tmp_path):
    (tmp_path / EVENT_TOKEN).write_text("open sesame")
    assert "sesame" not in repr(read(SECRETS_DIR=str(tmp_path)))
