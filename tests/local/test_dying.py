"""What survives: parts that die are started again, and a killed system is found again with its data."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from local import processes
from local.watch import _probes
from tests.local.system import PATIENCE, System, ask, running, until

pytestmark = pytest.mark.store


def _parts_started(system: System, part: str) -> int:
    return system.output().count(f'"event": "part.started", "part": "{part}"')


@pytest.mark.slow("the store is back after 5 s")
@pytest.mark.parametrize("part", ["gateway", "store", "events", "cron"])
def test_a_killed_part_is_started_again_without_its_old_workers_and_said_so(victim: System, part: str) -> None:
    before, main = _parts_started(victim, part), victim.part(part)
    workers = main.children()
    assert bool(workers) == (part in {"gateway", "events"})
    main.kill()
    until(lambda: _parts_started(victim, part) > before, f"{part} is back")
    assert victim.logged("part.ended", part=part, how="terminated by SIGKILL; not expected")
    until(lambda: not any(worker.is_running() for worker in workers), "the old workers are gone")
    until(lambda: "mine-tracking" in victim.buckets(), "the store can be read")


def test_a_killed_worker_is_replaced(victim: System) -> None:
    until(lambda: victim.part("gateway").children(), "the gateway has workers")
    worker = victim.part("gateway").children()[0]
    worker.kill()
    until(lambda: victim.logged("server", level="error", says="Unexpected exit from worker-1"), "it is said")
    until(victim.answers, "the gateway answers")


@pytest.mark.slow("all parts are started again")
def test_a_killed_supervisor_is_replaced_with_all_parts(victim: System) -> None:
    assert victim.main is not None
    before = _parts_started(victim, "store")
    victim.main.children()[0].kill()
    until(lambda: _parts_started(victim, "store") > before, "the store is back")
    assert victim.logged("supervisor.ended")
    victim.wait_until_it_serves()


@pytest.mark.slow("a system is started again")
def test_what_a_killed_main_process_left_behind_is_ended_and_its_data_found(victim: System) -> None:
    assert victim.main is not None
    endpoint = victim.connection()["s3"]["endpoint"]
    victim.put("mine-tracking", "requests/kept", b"kept")
    victim.main.kill()
    victim.main.wait()
    left = victim.processes()
    victim.start()
    assert "left behind" in victim.output()
    assert not any(process.is_running() for process in left)
    assert victim.get("mine-tracking", "requests/kept") == b"kept"
    assert victim.connection()["s3"]["endpoint"] == endpoint


@pytest.mark.slow("stops in order")
def test_ctrl_c_and_a_closed_terminal_at_once_stop_everything(victim: System) -> None:
    assert victim.main is not None
    with stopped(victim.main):
        for end in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            victim.main.send_signal(end)
    assert victim.main.wait(PATIENCE) == 0
    assert not processes.running(victim.data_dir)
    assert "stopped; the data stays" in victim.output()
    assert "start it with `make run`" in ask(victim.data_dir, "ls").stderr


@contextmanager
def stopped(process: psutil.Process) -> Iterator[None]:
    """What is sent meanwhile reaches it all at once."""
    process.suspend()
    yield
    process.resume()


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """No part of it may be silent for long; longer than a busy machine needs for an answer."""
    with running(tmp_path_factory.mktemp("impatient"), STORE_FSYNC="off", SILENCE_SECONDS="8") as found:
        yield found


def test_two_systems_run_side_by_side(impatient: System, victim: System) -> None:
    assert "mine-production" in victim.buckets()
    assert "production" in impatient.buckets()
    assert "mine-production" not in impatient.buckets()


@pytest.mark.slow("its silence has to last")
def test_a_store_that_hangs_is_started_again_and_said_so(impatient: System) -> None:
    store = impatient.part("store")
    store.suspend()
    until(lambda: not store.is_running(), "the one that hangs is ended")
    assert impatient.logged("part.silent", part="store")
    until(impatient.buckets, "the store can be read again")


@pytest.mark.skipif(not hasattr(psutil, "RLIMIT_FSIZE"), reason="only Linux limits another process")
@pytest.mark.slow("its refusal has to last")
def test_a_store_whose_folders_refuse_after_a_full_disk_is_started_again_and_said_so(impatient: System) -> None:
    store, folders = impatient.part("store"), [ref.key.rpartition("/")[0] for ref in _probes("/buckets/tracking")]
    whole = store.rlimit(psutil.RLIMIT_FSIZE)
    store.rlimit(psutil.RLIMIT_FSIZE, (1, whole[1]))  # every file is full
    assert not [folder for folder in folders if _takes(impatient, folder)]
    with suppress(psutil.NoSuchProcess):  # on a busy machine it was ended before
        store.rlimit(psutil.RLIMIT_FSIZE, whole)
    takes = _takes(impatient, folders[0])
    assert not (takes and store.is_running())  # there is room again, and nothing is taken
    until(lambda: not store.is_running(), "the one that refuses is ended")
    assert impatient.logged("store.refuses", then="started again")
    until(impatient.buckets, "the store can be read again")
    assert [folder for folder in folders if not _takes(impatient, folder)] == []


def _takes(system: System, folder: str) -> bool:
    with suppress(BotoCoreError, ClientError):
        system.put("tracking", f"{folder}/x", b"")
        return True
    return False
