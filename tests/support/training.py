"""The training commands as a person runs them."""

import pytest

from feedloop.adapters.s3 import S3Store
from tests.support.servers import Server, fresh_store, prefix_of
from training.commands.app import main


def command(*words: object) -> int:
    """Run `python -m training ...` and return its exit code."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return int(ended.value.code or 0)


def at_home(server: Server, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    """A store of one's own, named in the environment."""
    store = fresh_store(server)
    monkeypatch.setenv("S3_ENDPOINT", server.endpoint)
    monkeypatch.setenv("S3_ACCESS_KEY", server.access_key)
    monkeypatch.setenv("S3_SECRET_KEY", server.secret_key)
    monkeypatch.setenv("BUCKET_PREFIX", prefix_of(store))
    return store
