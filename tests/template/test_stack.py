"""stack.yml against the template, the settings and itself."""

import re

import pytest
import yaml

from feedloop import settings
from local import stack as local_stack
from local.identities import keys_of
from tests.structure.repository import ROOT, rows, text
from tests.template.images import described, image_environment, stack

GATEWAY_SECONDS = 60
FAASD_SECONDS = 30
"""After this time faasd gives up to stop a container, and the redeploy fails."""
TEMPLATE = ROOT / "template/python3-feedloop"
IMAGE = image_environment(TEMPLATE, "any")
INDEX = {
    name: float(value)
    for name, value in re.findall(r"^([A-Z_]+_SECONDS) = ([\d.]+)$", text(f"{TEMPLATE}/index.py"), re.MULTILINE)
}
OF_FUNCTIONS = {row[0].strip("`"): row[1].strip("`") for row in rows("docs/settings.md")[: len(settings.NAMES)]}


def seconds(duration):
    return float(duration.removesuffix("s"))


@pytest.fixture(params=sorted(described().items()), ids=lambda item: item[0])
def function(request):
    name, function = request.param
    return {"name": name, **function, "environment": {**IMAGE, **function["environment"]}}


def test_the_template_starts_what_its_image_starts():
    assert yaml.safe_load((TEMPLATE / "template.yml").read_text())["fprocess"] == IMAGE["fprocess"]


def test_a_function_knows_its_name(function):
    assert function["build_args"]["FUNCTION"] == function["name"]
    assert function["image"].split("/")[-1].split(":")[0] == function["name"]


def test_timeouts_nest(function):
    call, write = seconds(function["environment"]["exec_timeout"]), seconds(function["environment"]["write_timeout"])
    assert call < write < GATEWAY_SECONDS


def test_a_visitors_function_ends_before_faasd_gives_up(function):
    if function["name"] == "events":
        return
    call = seconds(function["environment"]["exec_timeout"])
    assert seconds(IMAGE["healthcheck_interval"]) + call < FAASD_SECONDS
    assert call <= INDEX["DRAIN_SECONDS"]


def test_the_server_lingers_longer_than_the_watchdog_sends_calls():
    assert seconds(IMAGE["healthcheck_interval"]) < INDEX["GRACE_SECONDS"]


def test_the_watchdog_lets_in_more_than_we_take(function):
    most_workers = 8
    assert int(IMAGE["max_inflight"]) > most_workers * 2 * int(IMAGE["calls_per_worker"])


def test_the_values_of_image_and_stack_are_the_documented_ones():
    given = {**IMAGE, **stack()["functions"]["flag"]["environment"]}
    page = text("docs/settings.md").partition("## Of a function's container\n")[2].partition("\n## ")[0]
    documented = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", page, re.MULTILINE))
    assert documented == {name: value for name, value in given.items() if name.islower()}


def test_every_variable_is_a_setting(function):
    names = {name for name in function["environment"] if name not in IMAGE and name.isupper()}
    assert names - {"GATEWAY_URL"} <= set(settings.NAMES)


def test_defaults_are_the_documented_ones(function):
    documented = {name: default.replace("empty", "") for name, default in OF_FUNCTIONS.items() if default != "required"}
    given = {name: value for name, value in function["environment"].items() if name in documented and name != "S3_KEYS"}
    assert given == {name: documented[name] for name in given}


def test_a_function_gets_the_secrets_that_it_uses_and_no_others(function):
    keys = function["environment"].get("S3_KEYS")
    pair = {f"{keys}{end}" for end in (settings.ACCESS_KEY, settings.SECRET_KEY)} if keys else set()
    assert set(function["secrets"]) == pair | set(settings.SECRETS_OF[function["name"]])


def test_a_function_opens_the_store_with_keys_of_its_own(function):
    if function["name"] != "events":  # which asks nothing of the store
        assert function["environment"]["S3_KEYS"] == keys_of(function["name"])


def test_an_operator_may_choose_one_pair_for_all():
    chosen = yaml.safe_load(local_stack.substituted(text("stack.yml"), {"S3_KEYS": settings.S3_KEYS}))["functions"]
    assert {function["environment"]["S3_KEYS"] for function in chosen.values()} == {settings.S3_KEYS}
    assert all({settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY} <= set(one["secrets"]) for one in chosen.values())


def test_a_container_writes_nowhere_but_to_tmp(function):
    assert function["readonly_root_filesystem"] is True
    assert "USER 10001" in (TEMPLATE / "Dockerfile").read_text()


def test_memory_is_bounded(function):
    assert function["limits"]["memory"]
    assert function["requests"]["memory"]
