"""The disk is full, files fail or are locked while a server works: what it said is stored, and it goes on."""

import resource
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from failing_files import COMPILER, FailingFiles
from kill_evidence import Evidence, all_end, check_counters
from load import Load
from rest_client import Answer
from scrape import scrape
from server_process import ServerProcess, Start
from small_disk import SmallDisk, may_mount
from waiting import eventually

SERVER_OPTIONS = ("--app", "tight", "--runner", "thread")
TIMED = {"cron": "* * * * * *", "overlap": "allow", "catchUp": "all", "catchUpWindow": "1h"}
MOST_WAITING = 40
"""Of the app `tight`."""
BURST = 80
WORST = 1.0
"""Seconds for `/healthz` on a busy machine; without a thread of its own the database would take five."""
can_mount = pytest.mark.skipif(not may_mount(), reason="needs the right to mount a tmpfs")
can_compile = pytest.mark.skipif(COMPILER is None, reason="needs gcc")


class Trouble:
    """A server under load, whose database takes no writes for a while."""

    def __init__(self, server: ServerProcess, log: Path) -> None:
        self.server, self.client, self._log = server, server.client(), log
        params = {"executionConfig": {"params": {"log": str(log)}}}
        self._timed = self.client.schedule("mixed", TIMED, **params)
        self._manual = self.client.schedule("mixed", {"manual": True}, **params)
        self.accepted: list[str] = []

    @contextmanager
    def under_load(self) -> Iterator[None]:
        with Load(self.client, self._manual, self.accepted):
            eventually(lambda: len(self.accepted) > 5)
            yield
            before = len(self.accepted)
            eventually(lambda: len(self.accepted) > before + 5)

    def run(self) -> Answer:
        """Ask for one more run."""
        return self.client.post("/api/workflows/mixed/run", {"params": {"log": str(self._log)}})

    def not_ready(self, why: str) -> None:
        """Wait until the server says why it takes no work; meanwhile it lives, and reads."""
        found = eventually(lambda: (a := self.client.get("/readyz")).status == 503 and a)
        assert why in found.body["reasons"][0]
        for _ in range(5):
            begun = time.monotonic()
            assert self.client.get("/healthz").status == 200
            assert time.monotonic() - begun < WORST
        assert self.client.get("/api/executions?limit=5").status == 200

    def opened_anew(self, times: int) -> None:
        eventually(lambda: self.server.log.count("opened anew") == times)

    def ready_again(self) -> None:
        eventually(lambda: self.client.get("/readyz").status == 200, within=30)

    def check(self, folder: Path) -> None:
        """All that was promised is there and has run once; read from a copy made by the server."""
        eventually(lambda: len(self.client.executions(self._timed)) > 2)
        assert self.client.post(f"/api/schedules/{self._timed}/pause").status == 200
        all_end(self.client)
        check_counters(self.client, [self._timed, self._manual])
        copy = folder / "copy.db"
        copy.write_bytes(self.client.get("/api/backup").raw)
        evidence = Evidence(self._log, copy)
        evidence.check(self.accepted, [self._timed], instants=2)
        assert "Traceback" not in self.server.log


@can_mount
@pytest.mark.slow
def test_on_a_full_disk_nothing_is_promised_and_all_that_waited_is_stored_when_there_is_room(
    start: Start, tmp_path: Path, log: Path
) -> None:
    disk = SmallDisk(tmp_path / "disk", megabytes=12)
    database = f"sqlite:///{disk.folder / 'q.db'}"
    trouble = Trouble(start("--database", database, before=disk.before), log)
    pid = trouble.server.process.pid

    with trouble.under_load(), ThreadPoolExecutor(BURST) as burst:
        disk.fill(pid)
        trouble.not_ready("full")
        answers = [burst.submit(trouble.run) for _ in range(BURST)]
        eventually(lambda: sum(each.done() for each in answers) >= BURST - MOST_WAITING)
        waiting = scrape(trouble.client).value("quarterjack_database_waiting_changes")
        disk.make_room(pid)
        trouble.ready_again()
        answered = [each.result() for each in answers]
        taken = [each for each in answered if each.status == 202]
        refused = [each for each in answered if each.status != 202]  # more may have come meanwhile

    assert {each.status for each in refused} == {503}
    assert {each.body["type"].rpartition(":")[2] for each in refused} == {"storage-unavailable"}
    assert all("changes wait already" in each.body["detail"] for each in refused)
    assert waiting is not None
    assert MOST_WAITING <= waiting < BURST
    assert taken
    trouble.accepted += [each.body["executionId"] for each in taken]
    trouble.check(tmp_path)


@pytest.mark.slow
def test_a_file_that_may_grow_no_more_is_written_on_when_it_may(
    start: Start, tmp_path: Path, log: Path
) -> None:
    trouble = Trouble(start(), log)
    pid = trouble.server.process.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)

    with trouble.under_load():
        size = (tmp_path / "q.db-wal").stat().st_size
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
        trouble.not_ready("I/O")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        trouble.ready_again()

    assert "opened anew" in trouble.server.log
    trouble.check(tmp_path)


@pytest.mark.slow
@can_compile
@pytest.mark.parametrize(
    ("kind", "passed"),
    [
        pytest.param("syncs", (0, 3), id="a sync"),
        pytest.param("writes", range(12), id="the n-th write", marks=pytest.mark.slow),
        pytest.param("syncs", range(12), id="the n-th sync", marks=pytest.mark.slow),
    ],
)
def test_after_a_sync_or_write_that_failed_the_database_is_opened_anew_and_nothing_comes_twice(
    start: Start, tmp_path: Path, log: Path, kind: str, passed: Sequence[int]
) -> None:
    with FailingFiles(tmp_path) as files:
        trouble = Trouble(start(env=files.environment), log)
        with trouble.under_load():
            for faults, after in enumerate(passed, 1):
                getattr(files, f"fail_{kind}")(1, after)
                eventually(lambda: sum(files.left) == 0)
                trouble.opened_anew(faults)
            trouble.ready_again()
        trouble.check(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(6.0, id="longer than SQLite waits"),
        pytest.param(30.0, id="30 s", marks=[pytest.mark.slow, pytest.mark.timeout(120)]),
    ],
)
def test_while_another_process_has_the_database_locked_the_server_answers_and_writes_it_all_after(
    start: Start, tmp_path: Path, log: Path, seconds: float
) -> None:
    trouble = Trouble(start(), log)
    with trouble.under_load():
        with closing(sqlite3.connect(tmp_path / "q.db", isolation_level=None)) as other:
            other.execute("PRAGMA busy_timeout = 20000")
            other.execute("BEGIN EXCLUSIVE")
            over = time.monotonic() + seconds
            trouble.not_ready("locked")
            worst = 0.0
            while (begun := time.monotonic()) < over:
                assert trouble.client.get("/healthz").status == 200
                worst = max(worst, time.monotonic() - begun)
                threading.Event().wait(0.05)
            other.execute("ROLLBACK")
        trouble.ready_again()

    assert worst < WORST
    trouble.check(tmp_path)
