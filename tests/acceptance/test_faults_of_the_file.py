"""The database's file is damaged, moved, read-only or something else: said in one line, never made worse."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from forked_commands import ForkedCommands
from kill_evidence import Evidence, all_end, check_counters
from load import Load
from rest_client import RestClient
from scrape import scrape
from server_process import ServerProcess, Start
from small_disk import may_mount
from waiting import eventually

SERVER_OPTIONS = ("--runner", "thread")
SECONDLY = {"cron": "* * * * * *", "overlap": "allow"}
PAGE = 4_096
APPS = Path(__file__).parent / "apps"
can_mount = pytest.mark.skipif(not may_mount(), reason="needs the right to mount file systems")


@pytest.fixture(scope="module")
def quarterjack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkedCommands]:
    """Runs commands that end by themselves."""
    with ForkedCommands(tmp_path_factory.mktemp("commands")) as commands:
        yield commands


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database of a server that has worked and ended."""
    folder = tmp_path_factory.mktemp("used")
    with ServerProcess(*_options(folder), cwd=APPS, log=folder / "log") as server:
        client = server.client()
        for _ in range(20):
            client.ended(client.run("isolated"))
        client.schedule("isolated", SECONDLY)
        assert server.end() == 0
    return folder


def _options(folder: Path) -> tuple[str, ...]:
    database = f"sqlite:///{folder / 'q.db'}"
    return ("--app", "jobs", "--port", "0", "--runner", "thread", "--database", database)


@pytest.fixture
def file(used: Path, tmp_path: Path) -> Path:
    """A copy of that database, where `start` expects it."""
    return Path(shutil.copy(used / "q.db", tmp_path / "q.db"))


def overwrite(file: Path, pages: range) -> None:
    """Put noise over pages, the first of which is 0."""
    with file.open("r+b") as raw:
        for page in pages:
            raw.seek(page * PAGE)
            raw.write(os.urandom(PAGE))


def check(file: Path, before: Iterable[str] = ()) -> "subprocess.CompletedProcess[str]":
    """`quarterjack check` of a file."""
    return subprocess.run(
        [
            *before,
            sys.executable,
            "-m",
            "quarterjack.http",
            "check",
            "--database",
            f"sqlite:///{file}",
        ],
        capture_output=True,
        text=True,
        timeout=40,
    )


def not_started(quarterjack: ForkedCommands, file: Path) -> str:
    """The one line with which a server does not start on that file."""
    ended = quarterjack("serve", *_options(file.parent), cwd=APPS)
    assert (ended.code, ended.stdout) == (1, "")
    assert ended.stderr.startswith("quarterjack: ")
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def refused(server: ServerProcess) -> str:
    """The one line with which a server does not start."""
    assert server.wait() == 1
    assert "Traceback" not in server.log
    lines = [line for line in server.log.splitlines() if line.startswith("quarterjack: ")]
    assert len(lines) == 1, server.log
    return lines[0]


def test_a_server_does_not_start_on_a_damaged_file_and_names_the_way_back(
    quarterjack: ForkedCommands, file: Path
) -> None:
    middle = file.stat().st_size // PAGE // 2
    overwrite(file, range(middle, middle + 1))
    before = file.read_bytes()

    line = not_started(quarterjack, file)

    assert "database-corrupt" in line
    assert "`quarterjack backup`" in line
    assert ".recover" in line
    assert file.read_bytes() == before
    assert check(file).returncode == 1


def test_a_file_that_is_damaged_while_a_server_works_is_written_to_no_more(
    start: Start, file: Path
) -> None:
    server = start()
    client = server.client()
    overwrite(file, range(1, file.stat().st_size // PAGE))

    found = eventually(lambda: (a := client.get("/readyz")).status == 503 and a)
    answer = client.post("/api/workflows/isolated/run")
    restarts = sum(each["restarts"] for each in client.get("/api/actors").body["items"])
    for _ in range(3):
        client.get("/api/executions")
        client.get("/api/events")

    assert found.body["reasons"][0].startswith("storage: database-corrupt")
    assert (answer.status, "database-corrupt" in answer.body["detail"]) == (503, True)
    assert client.get("/healthz").status == 200
    again = sum(each["restarts"] for each in client.get("/api/actors").body["items"])
    assert again - restarts <= 1, "no crash loop"
    assert server.log.count("nothing more is written") == 1
    assert server.end() == 0
    assert "database-corrupt" in refused(start())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(lambda file: os.truncate(file, 5_000), "database-corrupt", id="truncated"),
        pytest.param(lambda file: file.write_bytes(b"no" * 9_000), "not a database", id="other"),
        pytest.param(lambda file: (file.unlink(), file.mkdir()), "can't be opened", id="folder"),
    ],
)
def test_a_file_that_is_no_whole_database_is_refused_and_left_alone(
    quarterjack: ForkedCommands, file: Path, make: Callable[[Path], object], told: str
) -> None:
    make(file)
    before = file.read_bytes() if file.is_file() else None

    assert told in not_started(quarterjack, file)

    assert (file.read_bytes() if file.is_file() else None) == before


def test_an_empty_file_becomes_a_database_and_a_link_to_one_is_the_same_database(
    start: Start, tmp_path: Path
) -> None:
    file, link = tmp_path / "q.db", tmp_path / "link.db"
    file.touch()
    link.symlink_to(file)
    first = start("--database", f"sqlite:///{link}")
    client = first.client()
    client.run("isolated")

    line = refused(start())

    assert str(first.process.pid) in line
    assert scrape(client).value("quarterjack_wal_bytes") == (tmp_path / "q.db-wal").stat().st_size


@can_mount
def test_where_nothing_can_be_written_a_server_says_so_and_the_database_can_be_checked(
    start: Start, file: Path
) -> None:
    folder = str(file.parent)
    line = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    before = ("unshare", "-m", "sh", "-c", line, folder)

    told = refused(start(before=before))
    looked = check(file, before)

    assert "Read-only file system" in told
    assert (looked.returncode, looked.stderr) == (0, "")
    assert "The database is whole" in looked.stdout


@pytest.mark.slow
@pytest.mark.parametrize("gone", ["-wal", pytest.param("-shm", marks=pytest.mark.slow)])
def test_after_a_kill_a_log_that_is_gone_is_told_and_the_rest_is_whole(
    start: Start, file: Path, gone: str
) -> None:
    server = start()
    client = server.client()
    client.ended(client.run("isolated"))
    server.end(signal.SIGKILL)
    file.with_name(file.name + gone).unlink()

    server = start()
    client = server.client()
    client.ended(client.run("isolated"))

    assert ("is gone: what had been written last is lost" in server.log) is (gone == "-wal")
    kept = len(client.get("/api/executions?workflowId=isolated&limit=500").body["items"])
    assert kept >= 21
    assert server.end() == 0
    assert check(file).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda file: file.unlink(), id="deleted"),
        pytest.param(
            lambda file: (
                shutil.copy(file, file.with_name("new")) and file.with_name("new").replace(file)
            ),
            id="replaced",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_server_whose_file_is_deleted_or_replaced_ends_and_writes_into_no_ghost(
    start: Start, file: Path, make: Callable[[Path], object]
) -> None:
    server = start()
    client = server.client()
    client.run("isolated")

    make(file)
    before = file.read_bytes() if file.exists() else None

    assert server.wait() == 70
    assert "database-moved" in server.log
    assert (file.read_bytes() if file.exists() else None) == before


@pytest.mark.slow
def test_a_long_reader_makes_the_log_grow_and_when_it_ends_the_log_is_short_again(
    start: Start, file: Path
) -> None:
    client = start().client()
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        eventually(lambda: grown(client) > 20 << 20, within=40)
        reader.execute("ROLLBACK")

    eventually(lambda: grown(client) <= 16 << 20)


def grown(client: RestClient) -> float:
    """The log's size after one more large write."""
    client.run("report", log="x" * 900_000)  # no file can have that name, but it is stored
    return scrape(client).value("quarterjack_wal_bytes") or 0.0


@pytest.mark.slow
def test_a_copy_made_under_load_is_whole_and_a_server_goes_on_from_it(
    start: Start, file: Path, log: Path
) -> None:
    client = start("--app", "loads").client()
    key = client.schedule("mixed", {"manual": True}, executionConfig={"params": {"log": str(log)}})
    accepted: list[str] = []
    with Load(client, key, accepted):
        eventually(lambda: len(accepted) > 5)
        before = list(accepted)
        copied = client.get("/api/backup").raw
        eventually(lambda: len(accepted) > len(before) + 5)
    copy = file.with_name("copy.db")
    copy.write_bytes(copied)
    assert check(copy).returncode == 0
    evidence = Evidence(log, copy)
    assert set(before) <= {row[0] for row in evidence.executions}
    assert evidence.seqs == list(range(evidence.seqs[0], evidence.seqs[-1] + 1))

    second = start("--app", "loads", "--database", f"sqlite:///{copy}").client()
    all_end(second)
    check_counters(second, [key])
    for each in before:
        assert second.execution(each)["status"] == "succeeded"
