"""What survives: parts that die are started again, and a killed system is found again with its data."""

import pytest

from local import leftovers
from tests.local.system import System, ask, until

pytestmark = pytest.mark.store


def _parts_started(system: System, part: str) -> int:
    return system.output().count(f'"event": "part.started", "part": "{part}"')


@pytest.mark.parametrize("part", ["gateway", "store", "events", "cron"])
def test_a_killed_part_is_started_again_and_said_so(victim: System, part: str) -> None:
    before = _parts_started(victim, part)
    victim.part(part).kill()
    until(lambda: _parts_started(victim, part) > before, f"{part} is back")
    assert victim.said("part.ended", part=part, how="terminated by SIGKILL; not expected")
    victim.wait_until_it_serves()
    until(lambda: "mine-tracking/" in ask(victim.data_dir, "ls").stdout, "the store can be read")


def test_a_store_that_hangs_is_started_again_and_said_so(victim: System) -> None:
    store = victim.part("store")
    store.suspend()
    until(lambda: not store.is_running(), "the one that hangs is ended")
    assert victim.said("part.silent", part="store")
    until(lambda: "mine-tracking/" in ask(victim.data_dir, "ls").stdout, "the store can be read again")


@pytest.mark.parametrize("part", ["gateway", "events"])
def test_workers_of_a_killed_part_do_not_stay(victim: System, part: str) -> None:
    main = victim.part(part)
    workers = main.children()
    assert workers
    main.kill()
    until(lambda: not any(worker.is_running() for worker in workers), "the old workers are gone")


def test_a_killed_worker_is_replaced(victim: System) -> None:
    until(lambda: victim.part("gateway").children(), "the gateway has workers")
    worker = victim.part("gateway").children()[0]
    worker.kill()
    until(lambda: victim.said("server", level="error", says="Unexpected exit from worker-1"), "it is said")
    until(victim.answers, "the gateway answers")


def test_a_killed_supervisor_is_replaced_with_all_parts(victim: System) -> None:
    assert victim.main is not None
    before = _parts_started(victim, "store")
    victim.main.children()[0].kill()
    until(lambda: _parts_started(victim, "store") > before, "the store is back")
    assert victim.said("supervisor.ended")
    victim.wait_until_it_serves()


def test_a_system_killed_as_a_whole_finds_its_data_again(victim: System) -> None:
    ports = victim.connection()["s3"]["endpoint"]
    victim.put("mine-tracking", "requests/kept", b"kept")
    victim.kill()
    victim.start()
    assert victim.get("mine-tracking", "requests/kept") == b"kept"
    assert victim.connection()["s3"]["endpoint"] == ports


def test_what_a_killed_main_process_left_behind_is_ended(victim: System) -> None:
    assert victim.main is not None
    victim.main.kill()
    victim.main.wait()
    left = victim.processes()
    victim.start()
    assert "left behind" in victim.output()
    assert not any(process.is_running() for process in left)


def test_ctrl_c_stops_everything(victim: System) -> None:
    assert victim.stop() == 0
    assert not leftovers.running(victim.data_dir)
    assert "stopped; the data stays" in victim.output()
    assert "start it with `make run`" in ask(victim.data_dir, "ls").stderr
