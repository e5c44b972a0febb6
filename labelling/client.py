"""Label Studio, by its SDK, with errors that say what to do."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from label_studio_sdk.client import LabelStudio
from label_studio_sdk.core.api_error import ApiError

from feedloop.domain.errors import AnnotationToolDown, AnnotationToolMisconfigured, WrongSetting
from feedloop.domain.proxies import Route
from feedloop.settings import LABEL_STUDIO_TOKEN, Settings, route

_MEND_TOKEN = f"put an access token of one of its users into the secret {LABEL_STUDIO_TOKEN}"
_TIMEOUT = 600.0  # a target storage may export everything when it is created
_RETRIES = 3
_LINE = 300
_REFUSED = (401, 403)
_BROKEN = 500
_STORE = "LABEL_STUDIO_S3_ENDPOINT, LABEL_STUDIO_AWS_ACCESS_KEY_ID and LABEL_STUDIO_AWS_SECRET_ACCESS_KEY"


@contextmanager
def opened(settings: Settings) -> Iterator[LabelStudio]:
    """The server, when it is one and takes our token.

    Raises WrongSetting, AnnotationToolDown and AnnotationToolMisconfigured, also for what is done with it.
    """
    url = settings.label_studio_url
    if not url:
        raise WrongSetting("LABEL_STUDIO_URL is not set: there is no Label Studio to set up.")
    with _errors_explained(url):
        token = settings.secret(LABEL_STUDIO_TOKEN)
        with _http_client(route(url)) as http:
            client = LabelStudio(base_url=url, api_key=token, httpx_client=http, timeout=_TIMEOUT, max_retries=_RETRIES)
            client.users.whoami()
            yield client


def _http_client(way: Route) -> httpx.Client:
    """It asks no environment and no ~/.netrc."""
    trusted = ssl.create_default_context(cafile=way.ca_file) if way.ca_file else True
    return httpx.Client(
        timeout=_TIMEOUT, follow_redirects=True, trust_env=False, proxy=way.proxy or None, verify=trusted
    )


@contextmanager
def reaching_the_store(bucket: str) -> Iterator[None]:
    """Label Studio looks at a bucket when a storage is made. Raises AnnotationToolMisconfigured if it cannot."""
    try:
        yield
    except ApiError as error:
        if error.status_code in _REFUSED or not isinstance(error.body, dict):
            raise
        raise AnnotationToolMisconfigured(
            f"Label Studio cannot reach the bucket {bucket} ({_reason(error)}): start it with {_STORE} of the store."
        ) from error


@contextmanager
def _errors_explained(url: str) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        what = f"Label Studio at {url} does not answer ({error})"
        raise AnnotationToolDown(f"{what}: start it, or mend LABEL_STUDIO_URL.") from error
    except UnicodeError as error:
        raise WrongSetting(f"The secret of Label Studio holds no token: {_MEND_TOKEN}.") from error
    except ApiError as error:
        raise _meaning(error, url) from error


def _meaning(error: ApiError, url: str) -> AnnotationToolDown | AnnotationToolMisconfigured:
    status = error.status_code or 0
    if status >= _BROKEN:
        return AnnotationToolDown(
            f"Label Studio at {url} failed ({_reason(error)}): run this again, or look into its log."
        )
    if not isinstance(error.body, dict):  # as its errors are
        return AnnotationToolMisconfigured(
            f"What answers at {url} is not Label Studio ({status}): mend LABEL_STUDIO_URL."
        )
    if status in _REFUSED:
        return AnnotationToolMisconfigured(
            f"Label Studio at {url} refuses the token ({_reason(error)}): {_MEND_TOKEN}."
        )
    return AnnotationToolMisconfigured(f"Label Studio at {url} does not take this: {_reason(error)}.")


def _reason(error: ApiError) -> str:
    """What Label Studio says is wrong, in one line."""
    body = error.body if isinstance(error.body, dict) else {}
    fault = body.get("validation_errors") or body.get("detail") or error.status_code
    by_field = fault.values() if isinstance(fault, dict) else [fault]
    text = "; ".join(" ".join(map(str, each)) if isinstance(each, list) else str(each) for each in by_field)
    return " ".join(text.split())[:_LINE].rstrip(".")
