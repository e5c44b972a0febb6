"""Which adapter stands behind which port: chosen once per replica, imported when asked for."""

import os
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from feedloop import releases, settings
from feedloop.active_model import ActiveModel
from feedloop.classifiers import load_classifier
from feedloop.domain import rate_limits
from feedloop.domain.cards import Preprocessing
from feedloop.domain.clock import utc_now
from feedloop.ports import AnnotationTool, Classifier, Clock, ObjectStore, Picture
from feedloop.releases import Release


@cache
def configured() -> settings.Settings:
    """The settings of this process. Raises WrongSetting."""
    return settings.Settings.from_environment()


function_keys: ContextVar[str] = ContextVar("function_keys", default="")
"""Whose keys a call uses where functions share a process (`make run`); empty: those that S3_KEYS names."""


def store() -> ObjectStore:
    """The S3-compatible store, with the rights of this call's keys."""
    return store_of(function_keys.get() or configured().s3_keys)


@cache
def store_of(keys: str) -> ObjectStore:
    """The store, with the rights of this pair of secrets. Raises WrongSetting."""
    from feedloop.adapters.s3 import S3Store

    chosen = configured()
    return S3Store(
        endpoint=chosen.s3_endpoint,
        access_key=chosen.secret(keys + settings.ACCESS_KEY),
        secret_key=chosen.secret(keys + settings.SECRET_KEY),
        region=chosen.s3_region,
        prefix=chosen.bucket_prefix,
        route=settings.store_route(chosen.s3_endpoint),
    )


def annotation_tool() -> AnnotationTool | None:
    """Label Studio, by the token that is among the secrets now; None when the deployment has none."""
    chosen = configured()
    return (
        _annotation_tool(chosen.label_studio_url, chosen.secret(settings.LABEL_STUDIO_TOKEN))
        if chosen.label_studio_url
        else None
    )


@cache
def _annotation_tool(url: str, token: str) -> AnnotationTool:
    from feedloop.adapters.label_studio import LabelStudioTool

    return LabelStudioTool(url=url, token=token, route=settings.route(url))


def clock() -> Clock:
    """Where functions take their time from: the machine, or what a simulation sets."""
    chosen = configured()
    if not chosen.clock_file:
        return utc_now
    from feedloop.adapters.clock_file import ClockFile

    return ClockFile(Path(chosen.clock_file))


@cache
def signing_key() -> bytes:
    """The key behind every prediction's receipt."""
    return configured().secret(settings.SIGNING_KEY).encode()


@cache
def event_token() -> str:
    """The token that store events carry."""
    return configured().secret(settings.EVENT_TOKEN)


@cache
def operator_token() -> str:
    """The token of people who do more than read."""
    return configured().token(settings.OPERATOR_TOKEN)


@cache
def report_token() -> str:
    """The token of people who read reports."""
    return configured().token(settings.REPORT_TOKEN)


def wait_of(function: str) -> Callable[[str, str], float] | None:
    """How long a visitor has to wait before they may call it, by their addresses; None where nobody has to.

    A call that comes from inside never waits.
    """
    chosen = configured()
    limit = {"predict": chosen.predict_limit, "flag": chosen.flag_limit, "relabel": chosen.relabel_limit}.get(function)
    if limit is None:
        return None
    limiter = rate_limits.RateLimiter(limit)

    def wait(peer: str, forwarded: str) -> float:
        who = rate_limits.caller(peer, forwarded, chosen.trusted_proxies)
        return 0.0 if who is None else limiter.wait(who, time.monotonic())

    return wait


def classifier(release: Release) -> Classifier:
    """A release's model, loaded and tried. Raises NoModel."""
    return load_classifier(releases.model_bytes(store(), release), release.card)


active_model = ActiveModel(lambda: store(), classifier)  # noqa: PLW0108 - tests choose another store
"""Called, it gives the current release and its classifier."""

os.register_at_fork(after_in_child=active_model.reset)


def normalise(body: bytes, *, preprocessing: Preprocessing) -> Picture:
    """An upload as an upright JPEG without private metadata, decoded once, for a check and for a classifier.

    Raises TooLarge, UnsupportedPicture and BrokenPicture.
    """
    from feedloop.adapters import pictures

    return pictures.normalise(body, preprocessing=preprocessing)
