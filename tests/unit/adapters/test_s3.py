"""What is sent to a store: seen by a server that notes the signature and answers that nothing is there."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from feedloop.adapters.s3 import S3Store
from feedloop.domain import keys
from feedloop.domain.errors import Missing

OF_SOMEBODY_ELSE = {
    "AWS_REGION": "us-west-2",
    "AWS_DEFAULT_REGION": "us-west-2",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    "AWS_SKIP_SIGNATURE": "true",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
    "AWS_ACCESS_KEY_ID": "another",
}


@pytest.fixture
def server():
    seen = []

    class Noting(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers["Authorization"]))
            body = b"<Error><Code>NoSuchKey</Code></Error>"
            self.send_response(404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words):
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Noting) as found:
        Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}", seen
        found.shutdown()


def test_a_call_goes_where_the_settings_say_and_is_signed_for_that_region(server, monkeypatch):
    for name, value in OF_SOMEBODY_ELSE.items():
        monkeypatch.setenv(name, value)
    endpoint, seen = server
    store = S3Store(endpoint=endpoint, access_key="me", secret_key="x", region="eu-central-1", prefix="a-")
    with pytest.raises(Missing):
        store.get(keys.ObjectRef(keys.TRACKING, "x"))
    ((path, signature),) = seen
    assert path == f"/a-{keys.TRACKING}/x"
    assert "Credential=me/" in signature
    assert "/eu-central-1/s3/" in signature
