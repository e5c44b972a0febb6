"""`python -m local doctor`: what an operator reads about a system that is well, and about a broken one."""

import json
from datetime import timedelta
from pathlib import Path
from secrets import token_hex

import pytest

from feedloop import settings, withdrawals
from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.clock import utc_now
from feedloop.domain.review import TITLES
from local.identities import Identity
from local.minio_server import create_users
from tests.local.conftest import SITE, STAFFED, SYSTEM
from tests.local.examination import examine, finding, findings
from tests.local.system import System, ask, until
from tests.support import demo
from tests.support.fake_servers import answering, reply
from tests.support.servers import Server, deployment_settings, fresh_store, prefix_of

pytestmark = pytest.mark.store

NOWHERE = "http://127.0.0.1:9"
OF_SYNC = ("leases/", "sync/")


def kept(system: System) -> dict[str, list[str]]:
    """All keys, without those that a first run of sync writes at any moment."""
    everything = {bucket: system.keys(bucket) for bucket in keys.BUCKETS}
    return {bucket: [key for key in all_ if not key.startswith(OF_SYNC)] for bucket, all_ in everything.items()}


def all_imported(system: System) -> bool:
    """Whether sync has nothing left to do that others began."""
    tasks = [key for key in system.keys("labelstudio") if key.startswith("tasks/")]
    return len(tasks) == len([key for key in system.keys("tracking") if key.startswith("imported/")])


@STAFFED
@pytest.mark.slow("examines everything")
def test_a_system_that_is_well_has_no_fault_and_keeps_nothing_of_the_examination(staffed: System) -> None:
    until(lambda: all_imported(staffed), "Label Studio has every task")
    before = kept(staffed)
    done = ask(staffed.data_dir, "doctor")
    assert (done.returncode, done.stderr) == (0, "")
    words = {name: word for name, (word, _) in findings(done.stdout).items()}
    assert {name for name, word in words.items() if word != "ok"} == {"CORS", "events"}
    assert kept(staffed) == before


@SYSTEM
def test_pages_of_the_allowed_origins_come_in_and_no_others(system: System) -> None:
    here = {"DATA_DIR": str(system.data_dir)}
    assert finding("CORS", **here, ALLOWED_ORIGINS=SITE)[0] == "ok"
    word, why = finding("CORS", **here, ALLOWED_ORIGINS="https://other.example")
    assert word == "wrong"
    assert "predict lets no page of https://other.example in" in why


@STAFFED
def test_a_label_studio_without_our_storage_is_told(staffed: System, tmp_path: Path) -> None:
    label_studio = staffed.connection()["label_studio"]
    word, why = examine_label_studio(staffed, tmp_path, label_studio["token"], BUCKET_PREFIX="other-")
    assert word == "wrong"
    assert "no source storage for the bucket other-labelstudio: run feedloop labelling setup" in why


@STAFFED
def test_a_wrong_token_of_label_studio_is_told(staffed: System, tmp_path: Path) -> None:
    word, why = examine_label_studio(staffed, tmp_path, "a-guess")
    assert word == "wrong"
    assert "does not accept the token" in why
    assert "a-guess" not in why


@STAFFED
def test_a_label_config_without_our_question_is_told(staffed: System) -> None:
    project = staffed.label_studio("GET", "/api/projects").json()["results"][0]
    ref = f"/api/projects/{project['id']}"
    staffed.label_studio("PATCH", ref, json={"label_config": "<View/>"}).raise_for_status()
    word, why = finding("Label Studio", DATA_DIR=str(staffed.data_dir))
    staffed.label_studio("PATCH", ref, json={"label_config": project["label_config"]}).raise_for_status()
    assert word == "wrong"
    assert f'The label config of {project["title"]} has no <Choices name="choice">' in why


def examine_label_studio(staffed: System, tmp_path: Path, token: str, **choices: str) -> tuple[str, str]:
    (tmp_path / settings.LABEL_STUDIO_TOKEN).write_text(token)
    given = {"LABEL_STUDIO_URL": staffed.connection()["label_studio"]["url"], "SECRETS_DIR": str(tmp_path)}
    return finding("Label Studio", S3_ENDPOINT=NOWHERE, **given, **choices)


@STAFFED
def test_a_project_that_is_called_otherwise_is_found_by_the_set_ups_note_and_missed_without(
    staffed: System, tmp_path: Path
) -> None:
    title = TITLES[keys.USER_FEEDBACK]
    (ref,) = [
        f"/api/projects/{project['id']}"
        for project in staffed.label_studio("GET", "/api/projects").json()["results"]
        if project["title"] == title
    ]
    staffed.label_studio("PATCH", ref, json={"title": "Renamed"}).raise_for_status()
    word, _ = finding("Label Studio", DATA_DIR=str(staffed.data_dir))
    unnoted = examine_label_studio(staffed, tmp_path, staffed.connection()["label_studio"]["token"])
    staffed.label_studio("PATCH", ref, json={"title": title}).raise_for_status()
    assert word == "ok"
    assert unnoted == ("wrong", f"The project {title} is missing: run feedloop labelling setup.")


def test_a_label_studio_that_does_not_answer_is_told(deployed: dict[str, str]) -> None:
    word, why = finding("Label Studio", **deployed, LABEL_STUDIO_URL=NOWHERE)
    assert word == "wrong"
    assert f"does not answer at {NOWHERE}" in why


def test_a_secret_that_no_header_can_carry_is_told(deployed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / settings.LABEL_STUDIO_TOKEN).write_text("gu€ss")
    with answering(reply("401 Unauthorized")) as label_studio:
        word, why = finding("Label Studio", **deployed, LABEL_STUDIO_URL=label_studio)
    assert (word, "holds characters that no key or token has" in why) == ("wrong", True)


@SYSTEM
@pytest.mark.slow("examines everything")
def test_functions_that_run_elsewhere_are_examined_by_their_own_settings(
    deployed: dict[str, str], system: System, tmp_path: Path
) -> None:
    done = ask(tmp_path / "nothing", "doctor", port=8080, **deployed)
    by_name = findings(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    well = ("store", "buckets", "conditional writes", "rights", "identities", "model")
    assert {by_name[name][0] for name in well} == {"ok"}
    assert "name it: feedloop doctor http" in by_name["gateway"][1]
    assert finding("functions", system.url, **deployed)[0] == "ok"
    token = finding("event token", system.url, **deployed)
    assert "curate has another token: update the secret feedloop-event-token" in token[1]
    token = finding("report token", system.url, **deployed)
    assert "report has another token: update the secret feedloop-report-token" in token[1]


@SYSTEM
def test_a_deployment_whose_event_token_opens_all_is_told(
    deployed: dict[str, str], system: System, tmp_path: Path
) -> None:
    for name in (settings.OPERATOR_TOKEN, settings.REPORT_TOKEN):
        (tmp_path / name).unlink()
        word, why = finding(name.removeprefix("feedloop-").replace("-", " "), system.url, **deployed)
        assert (word, f"create the secret {name}" in why) == ("ok", True)


def test_a_missing_bucket_is_named(deployed: dict[str, str], tmp_path: Path) -> None:
    by_name = examine(tmp_path, **{**deployed, "BUCKET_PREFIX": "nobodys-"})
    assert by_name["buckets"][0] == "wrong"
    assert "nobodys-tracking does not exist: create it, or mend BUCKET_PREFIX" in by_name["buckets"][1]
    assert by_name["model"] == ("not checked", "first: buckets")


def test_what_the_guard_holds_back_and_what_is_released_are_told(deployed: dict[str, str], released: S3Store) -> None:
    held = withdrawals.Held(30, 40, utc_now())
    withdrawals.hold(released, keys.LOW_CONFIDENCE, held)
    word, why = finding("withdrawals", **deployed)
    withdrawals.hold(released, keys.LOW_CONFIDENCE, None)
    assert (word, "30 of 40 annotations of lowconfidence have vanished" in why) == ("wrong", True)
    withdrawals.approve(released, keys.LOW_CONFIDENCE, withdrawals.Approval(30, 0, utc_now() + timedelta(hours=1)))
    word, why = finding("withdrawals", **deployed)
    assert (word, "released: lowconfidence: 30 until" in why) == ("ok", True)


@pytest.mark.parametrize("name", [settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY])
def test_a_wrong_key_is_told_once_and_not_shown(deployed: dict[str, str], tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("strangers-key")
    word, why = finding("buckets", **deployed)
    assert word == "wrong"
    assert why.count("mend it.") == 1
    assert "strangers-key" not in why


def test_a_missing_secret_is_named(deployed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / settings.S3_SECRET_KEY).unlink()
    word, why = finding("store", **deployed)
    assert word == "wrong"
    assert f"The secret {settings.S3_SECRET_KEY} cannot be read" in why
    assert f"SECRETS_DIR={tmp_path}" in why


def test_a_store_and_a_gateway_that_do_not_answer_are_told(deployed: dict[str, str], tmp_path: Path) -> None:
    by_name = examine(tmp_path, NOWHERE, **{**deployed, "S3_ENDPOINT": NOWHERE})
    assert by_name["store"] == ("wrong", f"Nothing answers at {NOWHERE}: start the store, or mend S3_ENDPOINT.")
    assert "start the gateway, or name the right address" in by_name["gateway"][1]
    assert by_name["functions"] == ("not checked", "first: gateway")


def test_a_store_without_a_model_is_told(seaweedfs: Server, tmp_path: Path) -> None:
    word, why = finding("model", **deployment_settings(seaweedfs, fresh_store(seaweedfs), tmp_path))
    assert word == "wrong"
    assert "No model is released yet" in why
    assert "docs/training.md" in why


def test_class_lists_that_disagree_are_told(seaweedfs: Server, tmp_path: Path) -> None:
    store = fresh_store(seaweedfs)
    demo.release(store)
    store.create(keys.class_list("lunch"), b'{"classes":[{"name":"Rice"}]}')
    store.delete(keys.class_list())
    word, why = finding("model", **deployment_settings(seaweedfs, store, tmp_path))
    assert (word, "`feedloop classes migrate`" in why) == ("wrong", True)


def test_a_model_with_other_bytes_than_were_released_is_told(seaweedfs: Server, tmp_path: Path) -> None:
    store = fresh_store(seaweedfs)
    demo.release(store)
    ref = keys.model_file("food11", demo.CARD["sha256"], "model.onnx")
    store.delete(ref)
    store.create(ref, demo.MODEL[:-1])
    word, why = finding("model", **deployment_settings(seaweedfs, store, tmp_path))
    assert (word, "not the one that was released" in why) == ("wrong", True)


def test_what_answers_but_is_no_gateway_of_ours_is_told(deployed: dict[str, str]) -> None:
    with answering(reply("404 Not Found")) as stranger:
        functions, token = (finding(name, stranger, **deployed)[1] for name in ("functions", "event token"))
    assert "sample is not there: faas-cli deploy" in functions
    assert "answers 404 to an event without the token" in token


def test_a_release_that_predict_refuses_is_told(deployed: dict[str, str]) -> None:
    refused = (
        '{"type": "urn:feedloop:problem:method-not-allowed", "refused": {"version": "9f2c11aa", "why": "No memory."}}'
    )
    with answering(reply("200 OK", refused)) as gateway:
        word, why = finding("functions", gateway, **deployed)
    assert (word, "predict cannot serve the release 9f2c11aa" in why) == ("wrong", True)
    assert "No memory. Release another, or go back: feedloop rollback" in why


def test_a_clock_that_is_wrong_is_told(deployed: dict[str, str]) -> None:
    with answering(reply("403 Forbidden", Date="Sun, 22 Nov 2020 12:00:00 GMT")) as late:
        word, why = finding("clock", **{**deployed, "S3_ENDPOINT": late})
    assert word == "wrong"
    assert "behind ours: have both machines set theirs by NTP" in why


def test_a_right_that_the_key_lacks_is_named(minio_server: Server) -> None:
    store = fresh_store(minio_server)
    prefix = prefix_of(store)
    reader = Identity("reader", token_hex(8), token_hex(16), may_not_delete(prefix))
    create_users(minio_server.endpoint, (minio_server.access_key, minio_server.secret_key), [reader])
    keys_of = {"S3_ACCESS_KEY": reader.access_key, "S3_SECRET_KEY": reader.secret_key}
    word, why = finding("rights", S3_ENDPOINT=minio_server.endpoint, BUCKET_PREFIX=prefix, **keys_of)
    assert word == "wrong"
    assert f"let this key write in {prefix}production, delete in {prefix}lowconfidence" in why


def may_not_delete(prefix: str) -> str:
    """A policy that lacks two rights: to write predictions, and to take a picture out of one dataset."""
    arn = f"arn:aws:s3:::{prefix}"
    denied = [("s3:PutObject", "production"), ("s3:DeleteObject", "lowconfidence")]
    statements = [{"Effect": "Deny", "Action": [action], "Resource": [f"{arn}{bucket}/*"]} for action, bucket in denied]
    allowed = {"Effect": "Allow", "Action": ["s3:*"], "Resource": [f"{arn}*"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed, *statements]})


def test_without_a_running_system_and_without_settings_it_says_what_it_needs(tmp_path: Path) -> None:
    refused = ask(tmp_path / "nothing", "doctor")
    assert refused.returncode == 1
    assert "set S3_ENDPOINT and SECRETS_DIR" in refused.stderr


def test_a_gateway_with_a_password_is_refused_without_repeating_it(tmp_path: Path) -> None:
    given = {"S3_ENDPOINT": NOWHERE, "SECRETS_DIR": str(tmp_path)}
    refused = ask(tmp_path / "nothing", "doctor", "http://admin:hush@gateway.example", port=8080, **given)
    assert refused.returncode == 1
    assert "without user and password" in refused.stderr
    assert "hush" not in refused.stderr
