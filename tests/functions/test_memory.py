"""curate, sync and report keep within the memory that stack.yml gives them, whatever lies in output/."""

import subprocess
import sys
from datetime import timedelta

import pytest

from feedloop.domain import keys
from feedloop.domain.annotations import LARGEST
from tests.support import world
from tests.support.servers import fresh_store, prefix_of
from tests.support.sweeping_memory import ANSWERS, now

QUEUE = keys.LOW_CONFIDENCE
HEAVY = [
    b"\xff" * 20_000_000,
    b'{"a":[' + b'{"a":1},' * 1_500_000 + b"0]}",
    b'{"a":[' + b'{"a":1},' * (LARGEST // 8 - 10) + b"0]}",
    b'{"a":[' + b"[]," * (LARGEST // 3 - 10) + b"0]}",
    b'{"a":["\\ud800",' + b'{"a":1},' * (LARGEST // 8 - 10) + b"0]}",
    b'{"a":"' + "😀".encode() * (LARGEST // 4 - 10) + b'\\ud800"}',
]
"""Too large to read, and as large as is read, made of what takes the most room in Python."""
ONCE = b'{"result":[{"origin":"' + b"\\\\" * 5_000_000 + b'"}]}'
"""What an earlier version noted and labelled."""
WRITTEN = 2
"""So often each of the heavy ones that nobody reads."""


@pytest.fixture(scope="module")
def full(seaweedfs):
    """A store with heavy objects where annotations lie, and where an earlier version noted and labelled them."""
    store = fresh_store(seaweedfs)
    world.release(store)
    for number in range(ANSWERS):
        body = HEAVY[number % len(HEAVY)] if number < 6 * WRITTEN else HEAVY[2 + number % 4]
        store.create(keys.output(QUEUE, str(number + 1)), body)
    for number in range(4):
        store.create(keys.begun(QUEUE, str(number), "0" * 32, f"{number:08x}"), ONCE)
        made = world.commit(store, world.prediction(1, time=now() - timedelta(days=1)))
        store.create(keys.dataset(QUEUE, 3, made.id), b"jpeg")
        store.create(keys.label(QUEUE, made.id), ONCE)
    return seaweedfs, store


@pytest.mark.store
@pytest.mark.slow("fills a store with 200 MB, and starts a process")
@pytest.mark.parametrize(("function", "limit"), [("curate", 256), ("sync", 256), ("report", 512)])
def test_a_function_keeps_within_its_memory_whatever_lies_in_output(full, function, limit):
    server, store = full
    prefix = prefix_of(store)
    command = [sys.executable, "-m", "tests.support.sweeping_memory", function]
    answer = subprocess.run(
        [*command, server.endpoint, server.access_key, server.secret_key, prefix],
        check=True,
        capture_output=True,
        text=True,
    )
    print(answer.stdout)
    assert int(answer.stdout.splitlines()[-1]) < limit
