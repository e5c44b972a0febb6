"""docs/openapi.yaml tells the truth about functions, methods, problems and headers."""

from importlib import import_module

import pytest
import yaml
from werkzeug.datastructures import Headers, MultiDict

from feedloop import http
from feedloop.app import create_app
from feedloop.domain import errors
from feedloop.http import Context, Event
from tests.api.described import description
from tests.structure.repository import text

DOCUMENT = yaml.safe_load(text("docs/openapi.yaml"))
FUNCTIONS = list(yaml.safe_load(text("stack.yml"))["functions"])
OPERATIONS = [description[path][method] for path, methods in DOCUMENT["paths"].items() for method in methods]
NEW = {
    errors.MethodNotAllowed: errors.MethodNotAllowed("POST"),
    errors.TooLarge: errors.TooLarge("Too large.", 1),
    errors.TooOften: errors.TooOften("Too often.", 1),
}
PROBLEMS = [NEW.get(kind) or kind("Words.") for kind in http.STATUS]


def respond_with(error):
    """What a caller gets who meets this error."""
    return create_app(lambda _event, _context: http.problem_response(error), "failing").test_client().post("/")


def allowed(name):
    """The methods that a handler says it answers."""
    asked = Event(b"", Headers(), "BREW", MultiDict(), "/")
    refusal = import_module(f"functions.{name}.handler").handle(asked, Context("here"))
    return set(refusal["headers"]["Allow"].split(", "))


def test_it_is_an_openapi_description():
    assert DOCUMENT["openapi"].startswith("3.1.")
    description.validate()


def test_every_function_of_the_stack_is_described():
    assert set(DOCUMENT["paths"]) == {f"/{name}" for name in FUNCTIONS}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_described_methods_are_those_that_the_function_answers(name):
    described = {method.upper() for method in DOCUMENT["paths"][f"/{name}"]}
    assert described | ({"HEAD"} if "GET" in described else set()) == allowed(name)


def test_the_described_problems_are_those_of_the_code():
    schemas = DOCUMENT["components"]["schemas"].values()
    types = [schema.get("properties", {}).get("type", {}) for schema in schemas]
    listed = [name for kind in types if isinstance(kind, dict) for name in kind.get("enum", [kind.get("const")])]
    assert sorted(filter(None, listed)) == sorted(f"urn:feedloop:problem:{kind}" for _, kind, _ in http.STATUS.values())


@pytest.mark.parametrize("error", PROBLEMS, ids=lambda error: type(error).__name__)
def test_every_problem_looks_as_described_wherever_it_is(error):
    answer = respond_with(error)
    places = [one for one in OPERATIONS if str(answer.status_code) in one.definition.raw["responses"]]
    assert places != []
    for operation in places:
        operation.validate_response(answer)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
@pytest.mark.parametrize("status", ["405", "413", "429", "503"])
def test_what_may_happen_to_every_call_is_described_for_every_call(operation, status):
    assert status in operation.definition.raw["responses"]


def test_the_described_header_is_the_one_that_is_read():
    (header,) = DOCUMENT["paths"]["/predict"]["post"]["parameters"]
    assert header["name"] == import_module("functions.predict.idempotency").HEADER
