"""Requests and responses: the handle(event, context) contract, and one form for every refusal (RFC 9457)."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from io import BytesIO
from typing import Any, TypedDict

from werkzeug.datastructures import Headers, MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from feedloop import log
from feedloop.domain import documents, errors

FIELD_BYTES = 100_000
"""Room for fields, and for the head of each part of a form: what takes long to read is refused unread."""

_MULTIPART, _FILE = "multipart/form-data", "file"
_CHUNK = 65_536
_RETRY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Event:
    """A request, with the fields that the python3-http template hands over."""

    body: bytes
    headers: Headers
    method: str
    query: MultiDict[str, str]
    path: str


@dataclass(frozen=True, slots=True)
class Context:
    """Where the function runs."""

    hostname: str


class Response(TypedDict):
    """What a handler returns; `body` is a document, which leaves as JSON, or text, which leaves as it is."""

    statusCode: int
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as the client sent it; the name is whatever the client claims."""

    body: bytes
    filename: str


STATUS: dict[type[errors.FeedloopError], tuple[int, str, str]] = {
    errors.BadRequest: (400, "bad-request", "The request is not understood"),
    errors.UnknownClass: (400, "unknown-class", "There is no such class"),
    errors.Unauthorised: (401, "unauthorised", "The call needs its token"),
    errors.UnknownPrediction: (404, "unknown-prediction", "There is no such prediction"),
    errors.MethodNotAllowed: (405, "method-not-allowed", "The method is not supported"),
    errors.TooSlow: (408, "too-slow", "The body took too long to arrive"),
    errors.TooLarge: (413, "too-large", "The picture is too large"),
    errors.UnsupportedPicture: (415, "unsupported-picture", "The file is not a JPEG, PNG or WebP"),
    errors.BrokenPicture: (422, "broken-picture", "The picture cannot be read"),
    errors.KeyReused: (422, "key-reused", "The Idempotency-Key belongs to another picture"),
    errors.Unavailable: (503, "unavailable", "The service cannot do this at the moment"),
    errors.StoreDown: (503, "store-down", "The store does not answer"),
    errors.StoreMisconfigured: (503, "store-misconfigured", "The store refuses the service"),
    errors.AnnotationToolDown: (503, "annotation-tool-down", "Label Studio does not answer"),
    errors.AnnotationToolMisconfigured: (503, "annotation-tool-misconfigured", "Label Studio refuses the service"),
    errors.NoModel: (503, "no-model", "No model is released"),
    errors.ModelFailed: (503, "model-failed", "The model gave no usable answer"),
    errors.ClassesDisagree: (503, "classes-disagree", "The class lists of the models disagree"),
    errors.DayClosing: (503, "day-closing", "The day of this upload is being closed"),
    errors.Busy: (429, "busy", "Too many calls at the same time"),
    errors.TooOften: (429, "too-often", "Too many calls from one address"),
}
"""Every error that may leave a function: HTTP status, problem type, title."""

_INTERNAL = (500, "internal", "Something went wrong here")
_FOR_THE_LOG = (
    errors.StoreDown,
    errors.StoreMisconfigured,
    errors.AnnotationToolDown,
)  # their messages name addresses and buckets
_ASK_THE_LOG = "Try again in some seconds. The log says what is wrong."

Handle = Callable[[Event, Context], Response]


def endpoint(*methods: str) -> Callable[[Handle], Handle]:
    """Make a handler answer these methods only, and turn every deliberate error into its problem.

    HEAD is answered as GET (RFC 9110, 9.3.2); the server leaves the body away.
    """
    allowed = sorted({*methods, "HEAD"} if "GET" in methods else methods)

    def decorate(handle: Handle) -> Handle:
        @wraps(handle)
        def guarded(event: Event, context: Context) -> Response:
            try:
                if event.method not in allowed:
                    raise errors.MethodNotAllowed(*allowed)
                return handle(replace(event, method="GET") if event.method == "HEAD" else event, context)
            except errors.FeedloopError as error:
                return problem_response(error)

        return guarded

    return decorate


def json_response(document: dict[str, Any], status: int = 200) -> Response:
    """A JSON response."""
    return {"statusCode": status, "body": document, "headers": {"Content-Type": "application/json"}}


def text_response(body: str, content_type: str) -> Response:
    """A response that is no document; it leaves in UTF-8."""
    return {"statusCode": 200, "body": body, "headers": {"Content-Type": content_type}}


def problem_response(error: errors.FeedloopError, *, log_it: bool = True) -> Response:
    """The problem document of an error; an error without a status tells nothing but that it happened."""
    status, kind, title = STATUS.get(type(error), _INTERNAL)
    document: dict[str, Any] = {"type": f"urn:feedloop:problem:{kind}", "title": title, "status": status}
    if status != _INTERNAL[0]:
        document["detail"] = _ASK_THE_LOG if isinstance(error, _FOR_THE_LOG) else str(error)
    if status >= _INTERNAL[0] and log_it:
        log.event("problem", kind=kind, error=repr(error), cause=repr(error.__cause__))
    if isinstance(error, errors.TooLarge):
        document["limit"] = error.limit
    headers = {"Content-Type": "application/problem+json"}
    if isinstance(error, errors.MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, errors.Unavailable):
        headers["Retry-After"] = str(error.seconds if isinstance(error, errors.TooOften) else _RETRY_SECONDS)
    return {"statusCode": status, "body": document, "headers": headers}


def field(event: Event, name: str) -> str:
    """A required form or JSON field. Raises BadRequest."""
    value = fields(event).get(name, "")
    if not value:
        raise errors.BadRequest(f"The field {name} is missing.")
    return value


def fields(event: Event) -> dict[str, str]:
    """Form or JSON fields as text; the first of a name counts. Raises BadRequest."""
    kind = _mimetype(event)
    if kind != _MULTIPART and len(event.body) > FIELD_BYTES:
        raise errors.BadRequest(f"Fields may take {FIELD_BYTES // 1000} kB together.")
    if kind == "application/json":
        try:
            return {name: str(value) for name, value in documents.load(event.body).items() if value is not None}
        except errors.Malformed as error:
            raise errors.BadRequest("The body is not a JSON object.") from error
    return _form(event).fields


def upload(event: Event) -> Upload:
    """The file: the multipart field `file`, or the body itself. Raises BadRequest when there is none."""
    file = _form(event).file if _mimetype(event) == _MULTIPART else Upload(event.body, "")
    if not (file and file.body):
        raise errors.BadRequest("Send a picture as the multipart field `file`, or as the body itself.")
    return file


def has_token(event: Event, token: str) -> bool:
    """Whether the call carries `Authorization: Bearer <token>` (RFC 6750), compared in constant time.

    The scheme may be written in any case (RFC 9110, 11.1).
    """
    scheme, _, given = event.headers.get("Authorization", "").partition(" ")
    return hmac.compare_digest(given.strip(" ").encode(), token.encode()) and scheme.lower() == "bearer"


def _mimetype(event: Event) -> str:
    return parse_options_header(event.headers.get("Content-Type", ""))[0].lower()


@dataclass(slots=True)
class _Form:
    fields: dict[str, str]  # the first of a name
    file: Upload | None = None


def _form(event: Event) -> _Form:
    """What a form holds. Raises BadRequest."""
    mimetype, options = _mimetype(event), parse_options_header(event.headers.get("Content-Type", ""))[1]
    try:
        if mimetype == _MULTIPART:
            return _multipart(event.body, options.get("boundary", "").encode("ascii"))
        _, form, _ = FormDataParser(silent=False).parse(BytesIO(event.body), mimetype, len(event.body), options)
    except (ValueError, HTTPException) as error:
        raise errors.BadRequest("The form cannot be read.") from error
    return _Form(form.to_dict())


def _multipart(body: bytes, boundary: bytes) -> _Form:
    """The parts of a form (RFC 7578). The part `file` is one with a file name or without: clients differ."""
    # The decoder holds a chunk beside what it has not understood yet.
    decoder = _Decoder(boundary, max_form_memory_size=FIELD_BYTES + _CHUNK, max_parts=20)
    form, part, content = _Form({}), None, bytearray()
    for start in range(0, len(body), _CHUNK):
        decoder.receive_data(body[start : start + _CHUNK])
        while not isinstance(piece := decoder.next_event(), (NeedData, Epilogue)):
            if isinstance(piece, (Field, File)):
                part, content = piece, bytearray()
            elif isinstance(piece, Data) and part:
                content += piece.data
                if part.name != _FILE and len(content) > FIELD_BYTES and isinstance(part, Field):
                    raise ValueError("a field is too long")
                if not piece.more_data:
                    _put(form, part, bytes(content))
    decoder.receive_data(None)
    decoder.next_event()  # ValueError unless the last boundary came
    return form


def _put(form: _Form, part: Field | File, content: bytes) -> None:
    name: str | None = part.name  # a part need not have one
    if name == _FILE:
        form.file = form.file or Upload(content, part.filename if isinstance(part, File) else "")
    elif name and isinstance(part, Field):
        form.fields.setdefault(name, content.decode("utf-8", "replace"))


class _Decoder(MultipartDecoder):
    """Reads a part's head also where a client wrote a file's name in Latin-1, as some do."""

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        try:
            data.decode()
        except UnicodeDecodeError:
            data = data.decode("latin-1").encode()
        return super()._parse_headers(data)
