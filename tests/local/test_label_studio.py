"""Label Studio as a part of the running system: `make run` as annotators and operators see it."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from secrets import token_hex

import pytest
import requests

from feedloop.domain import keys
from feedloop.domain.review import TITLES
from local import processes
from local.label_studio_server import environment
from tests.local.conftest import STAFFED
from tests.local.system import DATA_DIR, System, ask, prediction, running, until
from tests.structure.repository import ROOT
from tests.support.servers import Server, free_ports

pytestmark = [pytest.mark.store, STAFFED]


def _log_in(url: str, username: str, password: str) -> requests.Response:
    browser = requests.Session()
    browser.get(f"{url}/user/login/", timeout=60)
    form = {"email": username, "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    browser.post(f"{url}/user/login/", data=form, timeout=60)
    return browser.get(f"{url}/api/current-user/whoami", timeout=60)


def _task(system: System, image: str) -> int:
    """Its number among the unsure ones, as soon as Label Studio has it."""
    projects = system.label_studio("GET", "/api/projects").json()["results"]
    (unsure,) = [project["id"] for project in projects if project["title"] == TITLES[keys.LOW_CONFIDENCE]]

    def listed() -> list[int]:
        tasks = system.label_studio("GET", f"/api/tasks?project={unsure}&fields=all&resolve_uri=false").json()["tasks"]
        return [task["id"] for task in tasks if task["data"]["image"].endswith(image)]

    until(listed, "Label Studio has the task")
    return listed()[0]


@pytest.mark.slow("starts the system")
def test_a_first_start_that_was_killed_begins_anew(staffed: System) -> None:
    projects = staffed.label_studio("GET", "/api/projects").json()["results"]
    assert {project["title"] for project in projects} == set(TITLES.values())
    assert [path.name for path in (staffed.data_dir / "label-studio").iterdir()] == ["data"]


def test_the_functions_do_not_wait_for_it(staffed: System) -> None:
    said = staffed.output()
    assert said.index("] ready") < said.index("Label Studio is ready")


def test_connection_json_tells_how_to_log_in(staffed: System) -> None:
    login = staffed.connection()["label_studio"]
    assert set(login) == {"url", "username", "password", "token"}
    assert _log_in(login["url"], login["username"], login["password"]).json()["email"] == login["username"]
    assert _log_in(login["url"], login["username"], "a guess").status_code == 401
    assert login["url"] in staffed.output()
    assert login["username"] in staffed.output()


def test_a_token_that_was_reset_is_taken_up(staffed: System) -> None:
    before = staffed.connection()["label_studio"]
    staffed.label_studio("POST", "/api/current-user/reset-token/").raise_for_status()
    until(lambda: staffed.connection()["label_studio"]["token"] != before["token"], "the new token is kept")
    assert staffed.connection()["label_studio"].keys() == before.keys()
    assert staffed.label_studio("GET", "/api/current-user/whoami").status_code == 200
    assert staffed.call("sync").status_code == 200


def test_nobody_signs_up_uninvited(staffed: System) -> None:
    url, stranger = staffed.connection()["label_studio"]["url"], requests.Session()
    stranger.get(f"{url}/user/signup/", timeout=60)
    form = {"email": "a@b.example", "password": "long enough", "csrfmiddlewaretoken": stranger.cookies["csrftoken"]}
    assert stranger.post(f"{url}/user/signup/", data=form, timeout=60).status_code == 403


def test_it_asks_nobody_outside(staffed: System) -> None:
    page = requests.get(f"{staffed.connection()['label_studio']['url']}/user/login/", timeout=60).text
    assert re.findall(r"sentry\.io|googletagmanager", page) == []


def test_it_knows_no_key_but_its_own(staffed: System) -> None:
    environ, s3 = staffed.part("label-studio").environ(), staffed.connection()["s3"]
    own = (staffed.data_dir / "secrets" / "feedloop-label-studio-s3-access-key").read_text()
    assert environ["LABEL_STUDIO_AWS_ACCESS_KEY_ID"] == own
    ours = {text for name, text in staffed.connection().items() if name.endswith("_token")}
    assert ({s3["access_key"], s3["secret_key"]} | ours) & set(environ.values()) == set()


def test_no_key_of_the_store_is_in_its_database(staffed: System) -> None:
    stored = b"".join(path.read_bytes() for path in (staffed.data_dir / "label-studio" / "data").glob("*.sqlite3*"))
    for end in ("access-key", "secret-key"):
        for name in ("feedloop-s3", "feedloop-label-studio-s3"):
            assert (staffed.data_dir / "secrets" / f"{name}-{end}").read_bytes() not in stored


def test_an_unsure_picture_reaches_an_annotator_and_comes_back_labelled(staffed: System) -> None:
    made = prediction(staffed.predict())
    task = _task(staffed, f"{made.sample_key}.jpg")
    answer = {"from_name": "choice", "to_name": "image", "type": "choices", "value": {"choices": ["Egg"]}}
    saved = staffed.label_studio("POST", f"/api/tasks/{task}/annotations/", json={"result": [answer]})
    assert saved.status_code == 201
    until(lambda: f"class_03/{made}.jpg" in staffed.keys("lowconfidence"), "the picture is in its dataset")


def test_what_waited_while_it_was_off_comes_when_it_is_on(staffed: System, before: tuple[Path, str]) -> None:
    assert _task(staffed, f"{prediction(before[1]).sample_key}.jpg")


@pytest.mark.slow("it starts again")
def test_a_killed_one_is_started_again_at_the_same_address(staffed: System) -> None:
    killed, login = staffed.part("label-studio"), staffed.connection()["label_studio"]
    killed.kill()
    until(lambda: staffed.logged("part.ended", part="label-studio"), "it is said")
    until(staffed.has_annotators, "it answers again")
    assert staffed.part("label-studio").pid != killed.pid
    assert staffed.connection()["label_studio"] == login


@pytest.mark.slow("starts a system")
def test_a_store_and_a_label_studio_that_are_there_already_are_used(staffed: System, tmp_path: Path) -> None:
    label_studio, s3 = staffed.connection()["label_studio"], staffed.connection()["s3"]
    store = {"S3_ENDPOINT": s3["endpoint"], "S3_ACCESS_KEY": s3["access_key"], "S3_SECRET_KEY": s3["secret_key"]}
    given = {"LABEL_STUDIO": "on", "LABEL_STUDIO_URL": label_studio["url"], "LABEL_STUDIO_TOKEN": label_studio["token"]}
    with running(tmp_path, **store, **given) as guest:
        until(guest.has_annotators, "it is set up")
        assert guest.connection()["label_studio"] == {"url": label_studio["url"], "token": label_studio["token"]}
        assert guest.connection()["s3"] == {**s3, "keys": "feedloop-s3"}  # one pair for all functions
        made = prediction(guest.predict())
        assert any(made.sample_key in key for key in staffed.keys("production"))
        assert not {"store", "label-studio"} & {part.environ().get(processes.SERVICE) for part in guest.processes()}


def test_a_taken_port_is_told(staffed: System, tmp_path: Path) -> None:
    port = staffed.connection()["label_studio"]["url"].rpartition(":")[2]
    refused = ask(tmp_path / "data", port=free_ports(1)[0], LABEL_STUDIO="on", LABEL_STUDIO_PORT=port)
    assert refused.returncode == 1
    assert f"LABEL_STUDIO_PORT={port} is taken" in refused.stderr
    assert "LABEL_STUDIO=off" in refused.stderr
    assert not processes.running(tmp_path / "data")


@pytest.mark.slow("starts a system, and its silence has to last")
def test_one_that_cannot_start_stops_nothing_else(seaweedfs: Server, tmp_path: Path) -> None:
    broken = tmp_path / DATA_DIR / "label-studio" / "data"
    broken.mkdir(parents=True)
    (broken / "label_studio.sqlite3").write_text("no database")
    keys_of = {"S3_ACCESS_KEY": seaweedfs.access_key, "S3_SECRET_KEY": seaweedfs.secret_key}
    store = {"S3_ENDPOINT": seaweedfs.endpoint, "BUCKET_PREFIX": f"t{token_hex(4)}-", **keys_of}
    port = str(free_ports(1)[0])
    with running(tmp_path, **store, SILENCE_SECONDS="8", LABEL_STUDIO="on", LABEL_STUDIO_PORT=port) as system:
        assert system.serves()
        until(lambda: "Label Studio does not answer" in system.output(), "it is said")
        assert system.serves()


def test_of_our_environment_only_what_it_needs_reaches_it(tmp_path: Path) -> None:
    for name in ("s3-access-key", "s3-secret-key", "label-studio-password", "label-studio-token"):
        (tmp_path / f"feedloop-{name}").write_text(name)
    ours = {"S3_ENDPOINT": "http://store", "SECRETS_DIR": str(tmp_path), "LABEL_STUDIO_KEYS": "feedloop-s3"}
    strange = {"PASSWORD": "mine", "DJANGO_DB": "mysql", "AWS_SECRET_ACCESS_KEY": "first", "DEBUG": "true"}
    given = environment({"PATH": "/bin", "LABEL_STUDIO_URL": "http://127.0.0.1:8090", **ours, **strange})
    assert {given.get(name) for name in strange} == {None, "false"}
    assert (given["PATH"], given["LABEL_STUDIO_PORT"]) == ("/bin", "8090")


def test_its_clients_keep_out_of_the_proxy_what_ours_do(tmp_path: Path) -> None:
    """They know no networks, so the store's own address stands in their list."""
    for name in ("s3-access-key", "s3-secret-key", "label-studio-password", "label-studio-token"):
        (tmp_path / f"feedloop-{name}").write_text(name)
    ours = {
        "SECRETS_DIR": str(tmp_path),
        "LABEL_STUDIO_KEYS": "feedloop-s3",
        "LABEL_STUDIO_URL": "http://127.0.0.1:8090",
    }
    shell = {"http_proxy": "http://proxy.example", "NO_PROXY": "10.0.0.0/8"}
    near = environment({**ours, **shell, "S3_ENDPOINT": "http://10.1.2.3:9000"})
    far = environment({**ours, **shell, "S3_ENDPOINT": "http://store.example:9000"})
    assert {"10.0.0.0/8", "127.0.0.1", "10.1.2.3"} <= {*near["no_proxy"].split(",")} == {*near["NO_PROXY"].split(",")}
    assert "store.example" not in far["no_proxy"]


MIGRATING = """
import os, pathlib, sys
from functools import partial
from local.label_studio_server import confined, made_once, migrate
made_once(pathlib.Path(sys.argv[1]), partial(migrate, env=confined(os.environ)))
"""


@pytest.mark.soak
@pytest.mark.slow("migrates twice")
def test_tables_whose_making_was_killed_are_made_anew(tmp_path: Path) -> None:
    ready = tmp_path / "tables"
    command = (sys.executable, "-c", MIGRATING, str(ready))
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as killed:
        until((tmp_path / "tables.new" / "label_studio.sqlite3").exists, "they are begun")
        os.killpg(killed.pid, signal.SIGKILL)
    assert not ready.exists()
    subprocess.run(command, cwd=ROOT, check=True)
    with closing(sqlite3.connect(ready / "label_studio.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM htx_user").fetchone() == (0,)
    assert not (ready / ".env").exists()
