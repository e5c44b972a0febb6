"""What a system that runs shows: `make run` as its user sees it."""

import io
import socket
from pathlib import Path

import pytest
import requests
from PIL import Image

from local import data_directory, processes
from local.run import why_not_serving
from tests.local.conftest import SYSTEM
from tests.local.system import System, an_annotation_comes_and_goes, ask, until
from tests.support.fake_servers import answering, reply
from tests.support.servers import free_ports

pytestmark = [pytest.mark.store, SYSTEM]


def test_functions_answer_under_their_names(system: System) -> None:
    assert "classes" in system.call("predict", "GET").json()
    assert system.call("flag").status_code == 400
    assert system.call("relabel").headers["Content-Type"] == "application/problem+json"
    assert system.call("sample").status_code == 200
    assert system.call("curate").status_code == 200


def test_predict_can_serve_as_soon_as_the_system_says_that_it_is_ready(system: System) -> None:
    assert system.call("predict/_/ready", "GET").json() == {"status": "ready"}
    assert "answers 503" not in system.output()


def test_a_start_says_why_predict_cannot_serve() -> None:
    with answering(reply("503 Service Unavailable", '{"detail": "The model is damaged."}')) as gateway:
        assert why_not_serving(gateway) == "The model is damaged."
    assert why_not_serving(gateway) == "it does not answer."


def test_a_picture_is_classified_and_kept(system: System) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), "tomato").save(picture, "JPEG")
    answer = system.call("predict", files={"file": picture.getvalue()}).json()
    random = answer["prediction_id"].split("-")[4]
    assert random in ask(system.data_dir, "ls", "production").stdout


def test_the_website_is_at_the_root_and_needs_no_script(system: System) -> None:
    page = requests.get(f"{system.url}/", timeout=10)
    assert 'action="function/predict" method="post"' in page.text
    assert requests.get(f"{system.url}/style.css", timeout=10).headers["Content-Type"].startswith("text/css")


def test_a_path_out_of_the_website_is_not_found(system: System) -> None:
    with socket.create_connection(("127.0.0.1", system.port)) as raw:
        raw.sendall(b"GET /../stack.yml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"404" in raw.makefile("rb").readline()


def test_an_unknown_function_is_a_problem_document(system: System) -> None:
    for method in ("GET", "POST"):
        answer = system.call("dance/now", method)
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:feedloop:problem:unknown-function"


def test_connection_json_is_private_and_complete(system: System) -> None:
    assert (system.data_dir / "connection.json").stat().st_mode & 0o777 == 0o600
    found = system.connection()
    assert set(found) == {"gateway", "site", "s3", "event_token", "operator_token", "report_token"}
    assert (found["gateway"], found["site"]) == (system.url, f"{system.url}/")
    assert set(found["s3"]) == {"endpoint", "access_key", "secret_key"}


def test_everything_listens_on_loopback_only(any_system: System) -> None:
    found = [c for process in any_system.processes() for c in process.net_connections("inet") if c.status == "LISTEN"]
    assert len(found) > 10
    assert {connection.laddr.ip for connection in found} == {"127.0.0.1"}


def test_no_secret_is_in_a_log_or_on_a_command_line(any_system: System) -> None:
    logs = [path.read_text() for path in (any_system.data_dir / "logs").iterdir()]
    commands = [" ".join(process.cmdline()) for process in any_system.processes()]
    output = "\n".join([any_system.output(), *logs, *commands])
    for secret in (any_system.data_dir / "secrets").iterdir():
        assert secret.stat().st_mode & 0o777 == 0o600
        assert secret.read_text() not in output, secret.name


def test_a_new_annotation_reaches_curate_at_once(system: System) -> None:
    system.put("labelstudio", "output/userfeedback/777", b"{}")
    until(lambda: system.logged("event.told", function="curate", status=200), "curate is told")


def test_events_carry_an_annotation_into_its_dataset_and_out_again(system: System) -> None:
    an_annotation_comes_and_goes(system, "778")


def test_an_event_without_the_token_is_refused(system: System) -> None:
    port = data_directory.load_json(system.data_dir / data_directory.PORTS)["events"]
    assert requests.post(f"http://127.0.0.1:{port}/", json={}, timeout=10).status_code == 401


def test_the_store_can_be_looked_into(system: System) -> None:
    system.put("tracking", "requests/look", b'{"v": 1}')
    assert "tracking/" in ask(system.data_dir, "ls").stdout.splitlines()
    assert "8 " in ask(system.data_dir, "ls", "tracking/requests/look").stdout
    shown = ask(system.data_dir, "cat", "tracking/requests/look")
    assert shown.stdout == '{"v": 1}'
    assert "content-type:" in shown.stderr


def test_a_second_run_on_the_same_data_is_refused(system: System) -> None:
    refused = ask(system.data_dir, port=free_ports(1)[0])
    assert refused.returncode == 1
    assert "already runs" in refused.stderr
    assert system.answers()


def test_a_taken_port_is_told(system: System, tmp_path: Path) -> None:
    refused = ask(tmp_path / "data", port=system.port)
    assert refused.returncode == 1
    assert f"PORT={system.port} is taken" in refused.stderr
    assert not processes.running(tmp_path / "data")


def test_a_wrong_key_is_told(system: System, tmp_path: Path) -> None:
    endpoint = system.connection()["s3"]["endpoint"]
    refused = ask(
        tmp_path / "data", port=free_ports(1)[0], S3_ENDPOINT=endpoint, S3_ACCESS_KEY="stranger", S3_SECRET_KEY="wrong"
    )
    assert refused.returncode == 1
    assert "Check the keys" in refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
    assert not processes.running(tmp_path / "data")


@pytest.mark.slow("a store has 8 s to begin with answering")
def test_a_store_that_does_not_answer_is_told(system: System, tmp_path: Path) -> None:
    nowhere = {"S3_ENDPOINT": "http://127.0.0.1:9", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "b"}
    refused = ask(tmp_path / "data", port=free_ports(1)[0], **nowhere)
    assert refused.returncode == 1
    assert "mend S3_ENDPOINT" in refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
