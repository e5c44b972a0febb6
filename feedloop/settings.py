"""The environment, read in one place and typed. A wrong value stops the start by its name."""

import os
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from ipaddress import ip_network
from itertools import chain
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlsplit

from feedloop.domain.errors import WrongSetting
from feedloop.domain.keys import BUCKETS
from feedloop.domain.proxies import Route, proxy_of
from feedloop.domain.rate_limits import INSIDE, Network, RateLimit

S3_KEYS = "feedloop-s3"
ACCESS_KEY, SECRET_KEY = "-access-key", "-secret-key"
S3_ACCESS_KEY, S3_SECRET_KEY = S3_KEYS + ACCESS_KEY, S3_KEYS + SECRET_KEY
EVENT_TOKEN = "feedloop-event-token"  # noqa: S105 - a file's name
OPERATOR_TOKEN = "feedloop-operator-token"  # noqa: S105 - a file's name
REPORT_TOKEN = "feedloop-report-token"  # noqa: S105 - a file's name
SIGNING_KEY = "feedloop-signing-key"
LABEL_STUDIO_TOKEN = "feedloop-label-studio-token"  # noqa: S105 - a file's name
SECRETS = (S3_ACCESS_KEY, S3_SECRET_KEY, EVENT_TOKEN, OPERATOR_TOKEN, REPORT_TOKEN, SIGNING_KEY, LABEL_STUDIO_TOKEN)
SECRETS_OF = {
    "predict": (SIGNING_KEY,),
    "flag": (SIGNING_KEY,),
    "relabel": (SIGNING_KEY,),
    "sample": (OPERATOR_TOKEN,),
    "sync": (EVENT_TOKEN, OPERATOR_TOKEN, LABEL_STUDIO_TOKEN),
    "curate": (EVENT_TOKEN, OPERATOR_TOKEN),
    "report": (REPORT_TOKEN,),
    "events": (EVENT_TOKEN,),
}
"""What each function uses besides its keys to the store; stack.yml gives it these and no others."""

_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_FIRST, _LAST, _LONGEST = ord(" "), ord("~"), 4_000

LONGEST_PREFIX = 63 - max(map(len, BUCKETS))
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment may decide; docs/settings.md describes each."""

    s3_endpoint: str
    s3_ca_file: str  # empty: the public authorities
    s3_region: str
    s3_keys: str  # the secrets that open the store, without ACCESS_KEY and SECRET_KEY
    bucket_prefix: str
    low_confidence_threshold: int  # per mille
    sample_count: int
    allowed_origins: tuple[str, ...]
    predict_limit: RateLimit | None  # of one address, in one process; None: no limit
    flag_limit: RateLimit | None
    relabel_limit: RateLimit | None
    trusted_proxies: tuple[Network, ...]
    sweep_workers: int
    sweep_lease_seconds: int
    label_studio_url: str  # empty: none, tasks wait in the store
    report_open: bool  # whether report answers without its token
    secrets_dir: Path
    clock_file: str  # empty: the machine's clock; only simulations have one

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Self:
        """The settings of this process. Raises WrongSetting."""
        return cls(
            s3_endpoint=_value(env, "S3_ENDPOINT", address),
            s3_ca_file=_value(env, "S3_CA_FILE", _certificates, ""),
            s3_region=_value(env, "S3_REGION", str, "us-east-1"),
            s3_keys=_value(env, "S3_KEYS", str, S3_KEYS),
            bucket_prefix=_value(env, "BUCKET_PREFIX", prefix, ""),
            low_confidence_threshold=_value(env, "LOW_CONFIDENCE_THRESHOLD", _per_mille, "0.7"),
            sample_count=_value(env, "SAMPLE_COUNT", _positive, "5"),
            allowed_origins=_value(env, "ALLOWED_ORIGINS", _words, ""),
            predict_limit=_value(env, "PREDICT_LIMIT", _rate_limit, "60/120"),
            flag_limit=_value(env, "FLAG_LIMIT", _rate_limit, "60/120"),
            relabel_limit=_value(env, "RELABEL_LIMIT", _rate_limit, "60/120"),
            trusted_proxies=_value(env, "TRUSTED_PROXIES", _networks, "private"),
            sweep_workers=_value(env, "SWEEP_WORKERS", _positive, "4"),
            sweep_lease_seconds=_value(env, "SWEEP_LEASE_SECONDS", _positive, "900"),
            label_studio_url=_value(env, "LABEL_STUDIO_URL", lambda text: text and address(text), ""),
            report_open=_value(env, "REPORT_OPEN", _switch, "off"),
            secrets_dir=_value(env, "SECRETS_DIR", Path, "/var/openfaas/secrets"),
            clock_file=_value(env, "CLOCK_FILE", str, ""),
        )

    def secret(self, name: str) -> str:
        """The content of a secret's file. Raises WrongSetting."""
        return secret_in(self.secrets_dir / name)

    def token(self, name: str) -> str:
        """The secret of that name; until 1.0 the event token where there is no such file. Raises WrongSetting."""
        there = {one: os.path.lexists(self.secrets_dir / one) for one in (name, EVENT_TOKEN)}
        return self.secret(EVENT_TOKEN if there[EVENT_TOKEN] and not there[name] else name)

    def require_secrets(self, function: str) -> None:
        """Raises WrongSetting when a secret that this function uses is missing, or cannot be used."""
        for name in SECRETS_OF.get(function, ()):
            if name in (OPERATOR_TOKEN, REPORT_TOKEN):
                self.token(name)
            elif name != LABEL_STUDIO_TOKEN or self.label_studio_url:
                self.secret(name)
        if function != "events":  # which asks nothing of the store
            for end in (ACCESS_KEY, SECRET_KEY):
                self.secret(self.s3_keys + end)


def secret_in(path: Path) -> str:
    """A secret: one line of printable ASCII; blanks and line ends around it do not count. Raises WrongSetting.

    A key or token goes into a header as it is, and other programs read the same file: nothing else is made of it.
    """
    name = path.name
    try:
        content = path.read_bytes().strip()
    except OSError as error:
        message = f"The secret {name} cannot be read ({error.strerror}): create it (faas-cli secret create {name})."
        raise WrongSetting(message) from error
    fault = _fault(content)
    if fault:
        raise WrongSetting(
            f"The secret {name} {fault}: write its file again, as one line (printf %s <secret> > {name})."
        )
    return content.decode()


def _fault(secret: bytes) -> str:
    """Why it cannot be used; empty when it can."""
    if not secret:
        return "is empty"  # an empty token would open every door
    if secret.startswith(_BYTE_ORDER_MARKS):
        return "begins with a byte order mark"
    if len(secret.splitlines()) > 1:
        return "has several lines"
    if not all(_FIRST <= sign <= _LAST for sign in secret):
        return "holds characters that no key or token has"
    return f"has {len(secret)} characters" if len(secret) > _LONGEST else ""


NAMES = tuple(field.name.upper() for field in fields(Settings))
"""The variables that are read."""


def route(url: str, env: Mapping[str, str] = os.environ) -> Route:
    """How this environment wants an address to be reached. Raises WrongSetting."""
    try:
        return Route(proxy_of(url, env), env.get("SSL_CERT_FILE") or env.get("REQUESTS_CA_BUNDLE") or "")
    except ValueError as error:
        raise WrongSetting(f"{url} cannot be reached: {error}. Name one, or name the host in NO_PROXY.") from error


def store_route(endpoint: str, env: Mapping[str, str] = os.environ) -> Route:
    """The same for the store, whose authority may be one of its owner's: S3_CA_FILE. Raises WrongSetting."""
    usual = route(endpoint, env)
    return replace(usual, ca_file=_value(env, "S3_CA_FILE", _certificates, "") or usual.ca_file)


def _value(env: Mapping[str, str], name: str, kind: Callable[[str], T], default: str | None = None) -> T:
    text = env.get(name, default)
    if text is None:
        raise WrongSetting(f"{name} is not set.")
    try:
        return kind(text)
    except (ValueError, InvalidOperation) as error:
        raise WrongSetting(f"{name}={text!r} is wrong: {error}.") from error


def address(text: str) -> str:
    """Of a server, without a slash at its end. Raises ValueError."""
    if not text.startswith(("http://", "https://")):
        raise ValueError("it must begin with http:// or https://")
    if not text.isprintable() or " " in text:
        raise ValueError("it must hold no blanks")
    url = urlsplit(text)
    if not url.hostname or url.port == 0:  # reading a port that is no number raises ValueError
        raise ValueError("it must name a host, and a port from 1 to 65535 if any")
    if url.username is not None or url.query or url.fragment:
        raise ValueError("it must hold no user, no question mark and no #")
    return text.rstrip("/")


def prefix(text: str) -> str:
    """Of every bucket's name, as all stores take it. Raises ValueError."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*|", text) or re.search(r"\.\.|\.-|-\.", text):
        raise ValueError("buckets take lower-case letters a to z, digits and hyphens, for example food-")
    if len(text) > LONGEST_PREFIX:
        raise ValueError(f"it must have at most {LONGEST_PREFIX} characters, since a bucket's name has at most 63")
    return text


def _certificates(text: str) -> str:
    if text:
        try:
            ssl.create_default_context(cafile=text)
        except OSError as error:  # ssl's own errors, too
            raise ValueError(f"it is no file of certificates (PEM) that can be read: {error}") from error
    return text


def _per_mille(text: str) -> int:
    share = Decimal(text)
    if not 0 <= share <= 1:
        raise ValueError("it must lie between 0 and 1")
    return int(share * 1000)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise ValueError("it must be a number, 1 or more")
    return int(text)


def _switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("it must be on or off")
    return text == "on"


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip().rstrip("/") for word in text.split(",") if word.strip())


def _rate_limit(text: str) -> RateLimit | None:
    if text == "0":
        return None
    try:
        return RateLimit(*map(_positive, text.split("/")))
    except (ValueError, TypeError) as error:
        raise ValueError("it must be 0, or two numbers such as 60/120: calls a minute, and at once") from error


def _networks(text: str) -> tuple[Network, ...]:
    named = (INSIDE if word == "private" else (ip_network(word),) for word in _words(text))
    return tuple(chain.from_iterable(named))
