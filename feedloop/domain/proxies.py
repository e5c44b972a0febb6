"""Proxies: the way to an address. A person's proxies and exceptions mean the same for every client that we use.

Clients read the variables each in their own way: one knows no CIDR, another no ports, a third no `*` in a list.
So none of them reads any: it is given its route.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443}
_PROXIES = ("http", "https")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Route:
    """The proxy that stands before an address (empty: none), and whom to trust there besides the public authorities.

    `ca_file` is a file of certificates (PEM); empty: nobody else.
    """

    proxy: str = ""
    ca_file: str = ""

    def proxies(self) -> dict[str, str]:
        """The proxy for each scheme, as requests and botocore take it."""
        return dict.fromkeys(_PROXIES, self.proxy) if self.proxy else {}


DIRECT = Route()


def proxy_of(url: str, env: Mapping[str, str]) -> str:
    """The proxy that this environment wants before an address; empty: none, as for every loopback address.

    `http_proxy` and `https_proxy`, else `all_proxy`, unless `no_proxy` names the address: hosts, domains with or
    without a dot or `*.`, addresses and networks, each with a port or without; `*` for all. Lower case comes before
    upper case.
    Raises ValueError for a proxy that does not speak HTTP.
    """
    target = urlsplit(url)
    named = _variable(env, f"{target.scheme}_proxy") or _variable(env, "all_proxy")
    host = (target.hostname or "").rstrip(".")
    exceptions = filter(None, re.split(r"[\s,;]+", _variable(env, "no_proxy").lower()))
    if not named or _is_loopback(host) or any(_excepts(entry, target, host) for entry in exceptions):
        return ""
    proxy = named if _SCHEME.match(named) else f"http://{named}"
    if urlsplit(proxy).scheme.lower() not in _PROXIES:
        raise ValueError(f"its proxy {proxy.rpartition('@')[2]!r} must be an http:// or https:// address")
    return proxy


def _variable(env: Mapping[str, str], name: str) -> str:
    """In lower case, also when it is empty; else in upper case."""
    return env.get(name, env.get(name.upper(), "")).strip()


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback or address.is_unspecified


def _excepts(entry: str, target: SplitResult, host: str) -> bool:
    name, port = _split_port(entry)
    if port and port != str(target.port or _PORTS.get(target.scheme, 0)):
        return False
    try:
        return ip_address(host) in ip_network(name, strict=False)
    except ValueError:  # a name on one side or on both
        bare = name.removeprefix("*").strip(".")
        return name == "*" or (bool(bare) and f".{host}".endswith(f".{bare}"))


def _split_port(entry: str) -> tuple[str, str]:
    """Name or network, and port: `[::1]:80`, `::1`, `10.0.0.0/8`, `example.com:8080`."""
    if match := re.fullmatch(r"\[(.+)\](?::(\d+))?", entry):
        return match[1], match[2] or ""
    if match := re.fullmatch(r"([^:]*):(\d+)", entry):
        return match[1], match[2]
    return entry, ""
