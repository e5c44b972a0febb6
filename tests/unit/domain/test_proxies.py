import pytest

from feedloop.domain.proxies import proxy_of

PROXY = "http://proxy.example:3128"
STORE = "http://store.food.example:8333"


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:9000",
        "http://LOCALHOST",
        "http://store.localhost:9000",
        "http://localhost.:9000",
        "http://127.0.0.1:9000",
        "http://127.8.9.10",
        "http://[::1]:9000",
        "http://[::ffff:127.0.0.1]:9000",
        "http://0.0.0.0:9000",
        "https://localhost:9000",
    ],
)
def test_a_loopback_address_is_never_proxied(address):
    everything = {f"{kind}_{proxy}": PROXY for kind in ("http", "https", "all") for proxy in ("proxy", "PROXY")}
    assert not proxy_of(address, everything)


@pytest.mark.parametrize(
    ("env", "proxy"),
    [
        ({"http_proxy": PROXY}, PROXY),
        ({"HTTP_PROXY": PROXY}, PROXY),
        ({"all_proxy": PROXY}, PROXY),
        ({"ALL_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY}, ""),
        ({"http_proxy": "proxy.example:3128"}, PROXY),
        ({"http_proxy": PROXY, "HTTP_PROXY": "http://other"}, PROXY),
        ({"http_proxy": "", "HTTP_PROXY": PROXY}, ""),
        ({"http_proxy": PROXY, "all_proxy": "socks5://other"}, PROXY),
        ({"http_proxy": PROXY, "no_proxy": "", "NO_PROXY": "*"}, PROXY),
        ({}, ""),
    ],
)
def test_the_variable_of_its_scheme_comes_first_and_lower_case_before_upper(env, proxy):
    assert proxy_of(STORE, env) == proxy


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize(
    "exceptions",
    [
        "*",
        "other, *",
        "store.food.example",
        "STORE.Food.Example",
        "food.example",
        ".food.example",
        "*.food.example",
        "other,store.food.example:8333",
        "other store.food.example",
        "example.",
    ],
)
def test_an_exception_holds_however_it_is_spelled(name, exceptions):
    assert not proxy_of(STORE, {"http_proxy": PROXY, name: exceptions})


@pytest.mark.parametrize(
    ("address", "exceptions"),
    [
        ("http://10.1.2.3:9000", "10.0.0.0/8"),
        ("http://10.1.2.3:9000", "10.1.2.3"),
        ("http://10.1.2.3:9000", "10.1.2.3:9000"),
        ("http://10.1.2.3", "10.1.2.3:80"),
        ("https://10.1.2.3", "10.1.2.3:443"),
        ("http://[fd00::7]:9000", "fd00::/8"),
        ("http://[fd00::7]:9000", "[fd00::7]"),
        ("http://[fd00::7]:9000", "[fd00:0::7]:9000"),
    ],
)
def test_networks_addresses_and_ports_are_exceptions(address, exceptions):
    assert not proxy_of(address, {"all_proxy": PROXY, "no_proxy": exceptions})


@pytest.mark.parametrize(
    "exceptions",
    ["ood.example", "store.food.example:80", "10.0.0.0/8", "store.food.example.org", ",,", ".", "[", "a:b:c", "/8"],
)
def test_what_names_another_address_is_none(exceptions):
    assert proxy_of(STORE, {"http_proxy": PROXY, "no_proxy": exceptions}) == PROXY


def test_a_proxy_that_does_not_speak_http_is_refused_without_its_password():
    with pytest.raises(ValueError, match="must be an http") as refusal:
        proxy_of(STORE, {"all_proxy": "socks5://me:hidden@proxy.example:1080"})
    assert "hidden" not in str(refusal.value)
