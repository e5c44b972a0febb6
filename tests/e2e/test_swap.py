"""The thread that follows the pointer, on real stores, while visitors go on uploading."""

import json
from threading import Thread

import pytest

from feedloop import active_model
from feedloop.app import create_app
from functions.predict.handler import handle
from tests.support import demo
from tests.support.demo import CARD, committed
from tests.support.swaps import another, publish
from tests.support.uploads import clear_upload

pytestmark = pytest.mark.usefixtures("deployed")

MOST_UPLOADS = 1000


class Visitor(Thread):
    """Uploads until a certain model answers."""

    def __init__(self, version):
        super().__init__()
        self.version, self.seen, self.statuses = version, [], []

    def run(self):
        client = create_app(handle, "predict").test_client()
        while self.version not in self.seen and len(self.seen) < MOST_UPLOADS:
            answer = client.post("/", data=clear_upload())
            self.statuses.append(answer.status_code)
            self.seen.append(json.loads(answer.data)["model"]["version"])


def test_visitors_meet_the_new_model_and_none_is_turned_away(store, monkeypatch):
    monkeypatch.setattr(active_model, "POLL_SECONDS", 0.05)
    new = publish(store, another())
    demo.release(store)
    visitors = [Visitor(new) for _ in range(2)]
    for visitor in visitors:
        visitor.start()
    publish(store, another())
    for visitor in visitors:
        visitor.join()
    assert [visitor.seen[-1] for visitor in visitors] == [new, new]
    assert {name for visitor in visitors for name in visitor.seen} <= {new, CARD["sha256"][:8]}
    assert {status for visitor in visitors for status in visitor.statuses} == {200}
    assert len(committed(store)) == sum(len(visitor.statuses) for visitor in visitors)
