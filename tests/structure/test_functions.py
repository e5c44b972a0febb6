import ast
import os
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


def test_a_day_is_closed_without_the_libraries_of_pictures_and_numbers():
    program = """
import sys
from feedloop import wiring
from feedloop.app import create_app
from functions.report import handler
from tests.support import world
from feedloop.adapters.memory import MemoryStore

store = MemoryStore()
world.release(store)
world.commit(store, world.prediction(1, time=world.NOON), shown=False)
wiring.store = lambda: store
wiring.clock = lambda: world.SettableClock(world.NOON.replace(day=23))
answer = create_app(handler.handle, "report", origins=()).test_client().post("/")
assert answer.json["predictions"] == 1, answer.text
print(*sys.modules)
"""
    outside = {**os.environ, "S3_ENDPOINT": "http://127.0.0.1:1"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=False, cwd=ROOT, env=outside, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert HEAVY & set(done.stdout.split()) == set()


def test_every_function_has_requirements(handler):
    assert {path.name for path in handler.parent.glob("requirements.*")} == {"requirements.in", "requirements.txt"}
