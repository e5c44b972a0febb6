"""One sentence that says what to do, whatever is wrong."""

from dataclasses import replace
from secrets import token_hex

import pytest

from feedloop.domain import keys
from tests.support import label_studio as label_studios
from tests.support import servers, world
from tests.support.fake_servers import answering, reply

pytestmark = [pytest.mark.store, pytest.mark.xdist_group("labelling")]


def sentence(run):
    assert run.code == 1
    assert run.output.startswith("error: ")
    assert run.output.count("\n") == 1
    return run.output


def test_the_command_runs_as_it_is_documented(deployment):
    operator = deployment.operator
    done = label_studios.labelling(
        "setup",
        label_studio=operator.label_studio,
        store=operator.store,
        prefix=operator.prefix,
        folder=operator.folder,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_without_a_command_it_says_which_there_are(deployment):
    output = deployment.operator.run("--help").output
    assert "setup" in output
    assert "status" in output


REFUSED, UNUSABLE = "put an access token of one of its users into", "write its file again, as one line"


@pytest.mark.parametrize(
    ("token", "advice"),
    [("0" * 40, REFUSED), ("eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjgwNjA0MDAwMDB9.eA", REFUSED), ("ü", UNUSABLE)],
)
def test_a_wrong_token_is_told(deployment, token, advice):
    output = sentence(deployment.operator.at(token=token).run("setup"))
    assert advice in output
    assert "feedloop-label-studio-token" in output
    assert token not in output


def test_a_personal_access_token_is_taken(deployment):
    token = deployment.label_studio.ask("POST", "/api/token/").json()["token"]
    assert deployment.operator.at(token=token).run("setup").code == 0


@pytest.mark.slow("waits for a server that is silent")
def test_silence_is_told(deployment):
    (port,) = servers.free_ports(1)
    assert "start it, or mend LABEL_STUDIO_URL" in sentence(
        deployment.operator.at(url=f"http://127.0.0.1:{port}").run("setup")
    )


def test_another_server_is_told(deployment):
    with answering(reply("200 OK", "<html>")) as url:
        assert f"What answers at {url} is not Label Studio" in sentence(deployment.operator.at(url=url).run("setup"))


def test_no_address_is_told(deployment):
    assert "LABEL_STUDIO_URL is not set" in sentence(deployment.operator.at(url="").run("setup"))


def test_a_missing_model_is_told(deployment):
    store = servers.fresh_store(deployment.operator.store)
    assert "No model is released yet" in sentence(
        replace(deployment.operator, prefix=servers.prefix_of(store)).run("setup")
    )


def test_a_label_studio_that_cannot_reach_the_store_is_told(deployment):
    """It has keys of its own, which are not good for these buckets."""
    prefix, server = f"closed-{token_hex(4)}-", deployment.operator.store
    server.create(prefix + bucket for bucket in keys.BUCKETS)
    world.release(server.open(prefix))
    output = replace(deployment.operator, prefix=prefix).run("setup").output
    assert f"cannot reach the bucket {prefix}labelstudio" in output
    assert "start it with LABEL_STUDIO_S3_ENDPOINT" in output
