import ast
import subprocess
import sys

import pytest
import yaml

from tests.structure.repository import HANDLERS, ROOT, headings, text

NAMES = [handler.parent.name for handler in HANDLERS]
HEAVY = {"PIL", "numpy", "onnxruntime", "torch", "boto3", "obstore"}


@pytest.fixture(params=HANDLERS, ids=NAMES)
def handler(request):
    return request.param


def test_folders_and_docs_name_the_same_functions():
    assert set(NAMES) == headings("docs/functions.md")


@pytest.mark.skipif(not (ROOT / "stack.yml").exists(), reason="stack.yml is not written yet")
def test_folders_and_stack_name_the_same_functions():
    assert set(NAMES) == set(yaml.safe_load(text("stack.yml"))["functions"])


def test_a_handler_is_one_page(handler):
    assert len(handler.read_text().splitlines()) <= 100


def test_a_handler_opens_with_its_contract(handler):
    contract = ast.get_docstring(ast.parse(handler.read_text())) or ""
    assert contract.startswith(f"{handler.parent.name}: ")
    assert [word for word in ("called by ", "reads ", "writes ", "answers ") if f"\n{word}" not in contract] == []


def test_a_handler_takes_an_event_and_its_context(handler):
    (handle,) = [node for node in ast.parse(handler.read_text()).body if getattr(node, "name", "") == "handle"]
    assert [argument.arg.strip("_") for argument in handle.args.args] == ["event", "context"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "predict"])
def test_a_function_without_pictures_starts_without_their_libraries(name):
    program = f"import sys, functions.{name}.handler; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert HEAVY & set(found.stdout.split()) == set()


def test_every_function_has_requirements(handler):
    assert {path.name for path in handler.parent.glob("requirements.*")} == {"requirements.in", "requirements.txt"}
