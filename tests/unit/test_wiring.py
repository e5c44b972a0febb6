import pytest

from feedloop import wiring

VISITOR = ("127.0.0.1", "203.0.113.9:51234")
OTHER = ("127.0.0.1", "203.0.113.8:51234")


@pytest.fixture(autouse=True)
def deployment(monkeypatch):
    """Ten at once, and then one a minute."""
    for name in ("S3_ENDPOINT", "PREDICT_LIMIT", "FLAG_LIMIT", "RELABEL_LIMIT"):
        monkeypatch.setenv(name, {"S3_ENDPOINT": "http://store.example"}.get(name, "1/10"))
    wiring.configured.cache_clear()
    yield monkeypatch
    wiring.configured.cache_clear()


def waiting(name, *ways):
    """How long each of these calls has to wait, one after the other."""
    wait = wiring.wait_of(name)
    assert wait is not None
    return [wait(*way) for way in ways]


@pytest.mark.parametrize("name", ["predict", "flag", "relabel"])
def test_a_visitors_function_has_a_limit_for_each_address(name):
    *accepted, refused, other = waiting(name, *[VISITOR] * 11, OTHER)
    assert (accepted, other) == ([0.0] * 10, 0.0)
    assert 0 < refused <= 60


def test_who_calls_from_inside_never_waits():
    assert set(waiting("predict", *[("127.0.0.1", ""), ("10.0.0.1", "172.17.0.1")] * 100)) == {0.0}


@pytest.mark.parametrize("name", ["sample", "sync", "curate", "events"])
def test_what_cron_and_the_store_call_has_none(name):
    assert wiring.wait_of(name) is None


def test_a_limit_may_be_switched_off(deployment):
    deployment.setenv("FLAG_LIMIT", "0")
    assert wiring.wait_of("flag") is None
