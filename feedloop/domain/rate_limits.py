"""Who calls, and how often one caller may: a rate limit per address, kept by this process alone.

What that promises with several replicas: docs/decisions/0008-limit-per-visitor.md.
"""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from threading import Lock

Network = IPv4Network | IPv6Network

_IPV4 = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")
_IPV6 = ("::1/128", "fc00::/7", "fe80::/10")
INSIDE: tuple[Network, ...] = tuple(map(ip_network, (*_IPV4, *_IPV6)))
"""What no visitor of the Internet has: loopback, private and link-local addresses, and those of a provider's inside."""

UNREADABLE = -1
"""The caller of whom a trusted proxy says something that is no address; all of these are one."""

MOST_REMEMBERED = 100_000
"""Callers, about 13 MB. When there are more, the longest known ones begin anew."""

_MOST_HOPS = 16
_ROUNDING = 1e-6  # seconds
_IPV6_HOME = 64  # bits: what a provider gives to one household (RFC 6177)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How often one caller may call."""

    per_minute: int
    at_once: int


def caller(peer: str, forwarded: str, proxies: tuple[Network, ...]) -> int | None:
    """Who calls: the last address on the way (X-Forwarded-For, then the peer) that is none of `proxies`.

    What stands to the left of it was written by that caller, and counts for nothing. None: the call
    comes from inside, and nobody says for whom.
    """
    way = [*forwarded.rsplit(",", _MOST_HOPS), peer] if forwarded else [peer]
    for text in reversed(way):
        try:
            address = ip_address(_without_port(text.strip()))
        except ValueError:
            return UNREADABLE
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if not any(address in network for network in proxies):
            return int(address) if address.version == 4 else int(address) >> _IPV6_HOME << _IPV6_HOME  # noqa: PLR2004
    return None


def _without_port(text: str) -> str:
    """OpenFaaS's gateway tells `host:port`."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


class RateLimiter:
    """What each caller has left of a rate limit, regained evenly over time.

    Keeps one number per caller, the time at which their calls so far will have been paid for: the generic
    cell rate algorithm in its virtual scheduling form (ITU-T I.371, annex A). Safe for threads.
    """

    def __init__(self, limit: RateLimit) -> None:
        self._interval = 60 / limit.per_minute
        self._slack = self._interval * (limit.at_once - 1)
        self._recent: dict[int, float] = {}
        self._earlier: dict[int, float] = {}
        self._since = 0.0
        self._lock = Lock()

    def wait(self, who: int, now: float) -> float:
        """0.0 when this call may come, which is then counted; else the seconds until one may."""
        with self._lock:
            paid = max(self._recent.get(who, 0.0), self._earlier.get(who, 0.0), now)
            if paid - now > self._slack + _ROUNDING:
                return paid - now - self._slack
            self._turn_over(now)
            self._recent[who] = paid + self._interval
            return 0.0

    def __len__(self) -> int:
        """How many callers it remembers."""
        return len(self._recent) + len(self._earlier)

    def _turn_over(self, now: float) -> None:
        """Forget the callers that were not seen lately: all is theirs again, or there are too many."""
        regained = now - self._since > self._slack + self._interval
        if regained or len(self._recent) >= MOST_REMEMBERED // 2:
            self._earlier, self._recent, self._since = self._recent, {}, now
