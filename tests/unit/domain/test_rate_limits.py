from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedloop.domain import rate_limits
from feedloop.domain.rate_limits import INSIDE, UNREADABLE, RateLimit, RateLimiter, caller

VISITOR, OTHER = "203.0.113.9", "198.51.100.7"
WATCHDOG, GATEWAY = "127.0.0.1", "10.62.0.1"
NOBODY = ()

addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
outside = addresses.filter(lambda text: caller(text, "", INSIDE) is not None)
inside = st.sampled_from(INSIDE).flatmap(lambda network: st.ip_addresses(network=network)).map(str)


def who(forwarded, peer=WATCHDOG, proxies=INSIDE):
    return caller(peer, forwarded, proxies)


@given(outside, st.lists(inside, max_size=10), st.text(), inside)
def test_the_caller_is_whom_the_last_trusted_proxy_saw_whatever_they_claim(visitor, proxies, claim, peer):
    assert who(", ".join([claim, visitor, *proxies]), peer) == caller(visitor, "", NOBODY)


@pytest.mark.parametrize(
    "forwarded", [VISITOR, f"{VISITOR}:51234", f" {VISITOR} ", f"::ffff:{VISITOR}", f"[::ffff:{VISITOR}]:80"]
)
def test_an_address_is_the_same_however_a_proxy_writes_it(forwarded):
    assert who(forwarded) == who(VISITOR)


@pytest.mark.parametrize(
    "forwarded", ["2001:db8:1:2::9", "[2001:db8:1:2::9]:443", "2001:0db8:0001:0002:ffff:ffff:ffff:ffff"]
)
def test_a_household_of_ipv6_is_one_caller(forwarded):
    assert who(forwarded) == who("2001:db8:1:2::1") != who("2001:db8:1:3::1")


@given(st.lists(inside, max_size=10), inside)
def test_a_call_that_never_was_outside_is_nobodys(way, peer):
    assert who(",".join(way), peer) is None


def test_a_proxy_that_is_not_trusted_is_the_caller():
    assert who(OTHER, peer=VISITOR) == who(VISITOR)
    assert who(OTHER, peer=VISITOR, proxies=(*INSIDE, ip_network(f"{VISITOR}/32"))) == who(OTHER)


@pytest.mark.parametrize(
    "forwarded",
    ["unknown", "_hidden", "", ",", f"{VISITOR},", "300.1.1.1", "1.2.3.4:x:y", "[", "é", f"{GATEWAY}," * 20],
)
def test_those_of_whom_nothing_can_be_read_share_one_rate_limit(forwarded):
    assert who(forwarded or " ") == UNREADABLE


@pytest.fixture
def allowance():
    """Sixty a minute, ten at once."""
    return RateLimiter(RateLimit(60, 10))


def accepted(allowance, times, caller=1):
    return sum(allowance.wait(caller, now) == 0 for now in times)


def test_as_many_may_come_at_once_as_the_pace_says(allowance):
    assert accepted(allowance, [1000.0] * 30) == 10


def test_a_refused_caller_is_told_when_to_come_and_may_come_then(allowance):
    accepted(allowance, [1000.0] * 10)
    wait = allowance.wait(1, 1000.0)
    assert wait == pytest.approx(1.0)
    assert allowance.wait(1, 1000.0 + wait) == 0


def test_being_refused_costs_nothing(allowance):
    accepted(allowance, [1000.0] * 1000)
    assert accepted(allowance, [1005.0] * 30) == 5


def test_callers_do_not_take_from_each_other(allowance):
    accepted(allowance, [1000.0] * 30, caller=1)
    assert accepted(allowance, [1000.0] * 30, caller=2) == 10


@given(st.lists(st.floats(0, 30), max_size=100), st.integers(1, 600), st.integers(1, 50))
def test_over_any_time_nobody_gets_more_than_the_pace(gaps, per_minute, at_once):
    allowance, now, times = RateLimiter(RateLimit(per_minute, at_once)), 1000.0, []
    for gap in gaps:
        now += gap
        times += [now] if allowance.wait(1, now) == 0 else []
    for first, start in enumerate(times):
        for count, end in enumerate(times[first:], 1):
            assert count <= at_once + (end - start) * per_minute / 60 + 1e-6


@given(st.integers(1, 600), st.integers(1, 50), st.floats(1, 3))
def test_who_keeps_the_pace_is_never_refused(per_minute, at_once, slower):
    times = [1000.0 + number * slower * 60 / per_minute for number in range(100)]
    assert accepted(RateLimiter(RateLimit(per_minute, at_once)), times) == 100


def test_forgetting_gives_nobody_more(allowance):
    """Those who are forgotten in time had all regained by then."""
    times = [1000.0 + second for second in range(100) for _ in range(3)]
    assert accepted(allowance, times) == 10 + 99


def test_callers_who_stay_away_are_forgotten(allowance):
    for number in range(100):
        allowance.wait(number, 1000.0)
    for later in (1011.0, 1022.0):
        allowance.wait(1, later)
    assert len(allowance) <= 2


def test_however_many_callers_there_are_the_memory_is_bounded(allowance, monkeypatch):
    monkeypatch.setattr(rate_limits, "MOST_REMEMBERED", 100)
    for number in range(1000):
        allowance.wait(number, 1000.0)
    assert len(allowance) <= 100
