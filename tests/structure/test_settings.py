import re
from dataclasses import fields

from feedloop import settings
from feedloop.settings import Settings
from local.settings import Choices
from tests.structure.repository import rows, text, tracked


class Asked(dict[str, str]):
    """An environment that remembers what was asked for."""

    def get(self, name, default=None):
        return self.setdefault(name, "http://store.example" if default is None else default)


class Listening(dict[str, str]):
    """An empty environment that remembers what was asked for."""

    def __init__(self):
        super().__init__()
        self.asked = set()

    def get(self, name, default=None):
        self.asked.add(name)
        return default


def documented(section):
    part = text("docs/settings.md").partition(f"## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([\w-]+)` \|", part, re.MULTILINE)


def test_the_listed_names_are_those_that_are_read():
    environment = Asked()
    Settings.from_environment(environment)
    assert tuple(environment) == settings.NAMES
    assert [name.upper() for name in (field.name for field in fields(Settings))] == list(settings.NAMES)


def test_every_setting_is_documented():
    assert documented("Of the functions") == list(settings.NAMES)


def test_every_choice_of_make_run_is_documented():
    environment = Listening()
    Choices.from_environment(environment)
    assert environment.asked == set(documented("Of `make run`"))


def test_every_secret_is_documented():
    assert documented("Secrets") == list(settings.SECRETS)


def test_documented_defaults_are_the_defaults():
    of_functions = rows("docs/settings.md")[: len(settings.NAMES)]
    told = {row[0].strip("`"): row[1].strip("`").replace("empty", "") for row in of_functions}
    environment = Asked()
    Settings.from_environment(environment)
    assert told == {**environment, "S3_ENDPOINT": "required"}


def test_the_environment_is_read_in_one_place():
    code = [path for path in tracked("feedloop", "functions") if path.suffix == ".py"]
    readers = [path.name for path in code if re.search(r"\bos\.environ\b", path.read_text())]
    assert sorted(readers) == ["__init__.py", "s3.py", "settings.py"]  # two tell their vendors what not to do
