"""Every example on one server, asked for with the very lines that `examples/README.md` tells to type."""

import asyncio
import hashlib
import mailbox
import os
import signal
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from examples_readme import CONFIG, ExamplesReadme, attempts_of, lines, started, step_of
from mail_server import MailServer
from waiting import eventually
from web_server import WebServer

from quarterjack.examples import MODULES

DB_HEAD = b"SQLite format 3\x00"


@pytest.fixture(scope="module")
def readme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExamplesReadme]:
    place = tmp_path_factory.mktemp("examples")
    with started(place) as server:
        yield ExamplesReadme(server.client(), place)
        assert server.end() == 0


def make_database(path: Path, rows: int) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE things (name)")
        made.executemany("INSERT INTO things VALUES (?)", [(f"{n}",) for n in range(rows)])


def test_the_config_of_the_readme_names_every_example(readme: ExamplesReadme) -> None:
    workflows = {item["id"] for item in readme.client.get("/api/workflows").body["items"]}

    assert sorted(tomllib.loads(CONFIG)["app"]) == sorted(MODULES)
    assert workflows == {
        *("log-archive", "docs-check", "release", "backup-set", "database-backup"),
        *("restore-drill", "link-check", "folder-mirror", "mail", "newsletter", "chat-notice"),
        *("dst-watch", "disk-watch", "self-care", "quarterjack.command", "quarterjack.http"),
    }


def test_every_line_of_the_readme_is_for_a_call_that_there_is(readme: ExamplesReadme) -> None:
    """A wrong body is 422; what is 404 here is an execution that is not there, and no address."""
    for line in lines():
        answer = readme.client.post(line.path.replace("exe_…", "exe_0"), {"no such field": 1})
        assert answer.status in (404, 422), (line.path, answer.raw)
        if answer.status == 404:
            assert "exe_0" in answer.body["detail"]


def test_the_log_archive_is_what_sha256sum_expects(readme: ExamplesReadme) -> None:
    logs, archive = readme.place / "logs", readme.place / "archive"
    logs.mkdir()
    for number in range(6):
        (logs / f"app.log.{number}").write_text(f"line {number}\n" * 20_000)
        os.utime(logs / f"app.log.{number}", (1_700_000_000, 1_700_000_000))
    (logs / "app.log").write_text("today\n")

    done = readme.succeeded(readme.run("log-archive"))

    assert done["result"]["removed"] == [f"app.log.{number}" for number in range(6)]
    assert [path.name for path in logs.iterdir()] == ["app.log"]
    assert step_of(done, "packed")["items"][5]["progress"]["note"] == "app.log.5"
    check = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=archive, capture_output=True)
    assert check.returncode == 0, check.stderr
    assert check.stdout.count(b": OK") == 6


def test_the_docs_check_survives_its_pages_and_a_retry_runs_the_mended(
    readme: ExamplesReadme,
) -> None:
    docs = readme.place / "docs"
    docs.mkdir()
    trace = "```python\nwith open({!r}, 'a') as file:\n    file.write('x')\n```\n"
    pages = {
        "crash": "```python\nimport os\nos._exit(3)\n```\n",
        "good": "```python\nprint('well')\n```\n",
        "hanging": "```python\nwhile True: pass\n```\n",
        "hungry": "```python\nx = bytearray(2**40)\n```\n",
        "segfault": "```python\nimport ctypes\nctypes.string_at(0)\n```\n",
        "wrong": "```python\nassert 1 == 2\n```\n",
    }
    for name, text in pages.items():
        page = trace.format(str(docs / f"{name}.trace")) + text
        (docs / f"{name}.md").write_text(page)

    failed = readme.ended(readme.run("docs-check"))
    text = (readme.place / "reports/docs-check.txt").read_text()
    for name in pages.keys() - {"good"}:
        (docs / f"{name}.md").write_text(trace.format(str(docs / f"{name}.trace")))
    done = readme.succeeded(readme.retry(failed["id"]))

    errors = [item["attempts"][-1]["error"] for item in step_of(failed, "checked")["items"]]
    types = [error and error["type"] for error in errors]
    assert failed["status"] == "failed"
    died, late = "WorkerDied", "StepTimeout"
    assert types == [died, None, late, "MemoryError", died, "AssertionError"]
    assert attempts_of(failed, "checked") == [3, 1, 1, 1, 3, 1]
    assert text.splitlines()[0] == "1 of 6 pages pass"
    assert "segfault.md: gave no answer (attempt 3)" in text
    assert attempts_of(done, "checked") == [1, 0, 1, 1, 1, 1]
    assert (docs / "good.trace").read_text() == "x"
    assert (readme.place / "reports/docs-check.txt").read_text() == "6 of 6 pages pass\n"


def test_a_release_waits_through_a_restart_for_its_approval(tmp_path: Path) -> None:
    project, output = tmp_path / "shop", tmp_path / "releases"
    project.mkdir()
    (project / "CHANGELOG.md").write_text("# Changes\n\n## 1.4.0\n\n- Faster.\n")
    (project / "shop.py").write_text("PRICE = 3\n")
    with started(tmp_path) as server:
        before = ExamplesReadme(server.client(), tmp_path)
        key = before.run("release")
        eventually(lambda: before.execution(key)["status"] == "waiting")
        deadline = before.execution(key)["wakeAt"]
        assert server.end() == 0

    asked = list(output.iterdir())
    with started(tmp_path) as server:
        after = ExamplesReadme(server.client(), tmp_path)
        waiting = after.execution(key)
        answer = after.send("/api/events/release-approved")
        done = after.succeeded(key)
        assert server.end() == 0

    assert output / "shop-1.4.0.request.txt" in asked
    assert output / "shop-1.4.0.zip" not in asked
    assert (waiting["status"], waiting["wakeAt"]) == ("waiting", deadline)
    assert answer.body == {"executionIds": [key]}
    assert done["result"]["approvedBy"] == "Ann"
    package = (output / "shop-1.4.0.zip").read_bytes()
    assert hashlib.sha256(package).hexdigest() == done["result"]["sha256"]
    began, ended = (
        datetime.fromisoformat(step_of(done, "last_call")["attempts"][0][name])
        for name in ("startedAt", "endedAt")
    )
    assert ended - began >= timedelta(seconds=10)


def test_the_backup_set_raises_an_alarm_and_a_retry_keeps_what_was_backed_up(
    readme: ExamplesReadme,
) -> None:
    data, output = readme.place / "data", readme.place / "backups"
    data.mkdir()
    for name, rows in (("orders.db", 500), ("people.db", 5)):
        make_database(data / name, rows)
    (data / "broken.db").write_bytes(DB_HEAD + b"\xff" * 8_000)

    made = readme.send("/api/workflows/backup-set/schedule")
    trigger = readme.client.post(f"/api/schedules/{made.body['id']}/trigger")
    failed = readme.ended(trigger.body["executionId"])
    alarm = (output / "BACKUP-FAILED.txt").read_text()
    make_database(data / "broken.db", 1)
    done = readme.succeeded(readme.retry(failed["id"]))
    children = readme.client.get("/api/executions?workflowId=database-backup").body["items"]

    assert made.status == 201
    assert failed["status"] == "failed"
    assert "1 of 3 items failed; the first, database_backup[0]" in alarm
    assert not (output / "BACKUP-FAILED.txt").exists()
    assert sorted(child["status"] for child in children) == ["failed", *["succeeded"] * 3]
    assert done["result"]["drill"]["rows"] == {"things": 500}
    assert len(list(output.glob("*.gz"))) == 3


def test_the_link_check_finds_what_is_broken(readme: ExamplesReadme) -> None:
    with WebServer() as site:
        site.answer("/", 200, '<a href="/a">a</a> <a href="/b">b</a>', Content_Type="text/html")
        site.answer("/b", 404)
        key = readme.run("link-check", **{"http://127.0.0.1:8000": site.url, "links": "links-1"})
        done = readme.succeeded(key)

    assert done["result"]["broken"] == [f"{site.url}/b"]
    text = (readme.place / "links-1/broken-links.txt").read_text()
    assert text == f"{site.url}/b: status 404\n    on {site.url}/\n"


def test_a_cancelled_link_check_writes_down_what_it_has_seen(readme: ExamplesReadme) -> None:
    async def never(request: web.Request) -> web.Response:
        while request.transport is not None:  # noqa: ASYNC110  (aiohttp tells it in no other way)
            await asyncio.sleep(0.01)
        return web.Response()

    with WebServer() as site:
        site.answer("/", 200, '<a href="/slow">slow</a>', Content_Type="text/html")
        site.handlers["/slow"] = never
        key = readme.run("link-check", **{"http://127.0.0.1:8000": site.url, "links": "links-2"})
        eventually(lambda: [asked for asked in site.asked if asked.path == "/slow"])
        readme.cancel(key)
        ended = readme.ended(key)

    assert ended["status"] == "cancelled"
    text = (readme.place / "links-2/link-check-cancelled.txt").read_text()
    assert text == f"Cancelled after 1 pages.\n{site.url}/\n"


def test_a_cancelled_mirror_stops_and_a_retry_goes_on(readme: ExamplesReadme) -> None:
    photos, mirror = readme.place / "photos", readme.place / "mirror"
    photos.mkdir(exist_ok=True)
    for name, size in (("a.raw", 1_000_000), ("b.raw", 6_000_000)):  # half a second, and three
        (photos / name).write_bytes(os.urandom(size))

    key = readme.run("folder-mirror")
    eventually((mirror / ".b.raw.partial").exists)
    readme.cancel(key)
    cancelled = readme.ended(key)
    left = sorted(path.name for path in mirror.iterdir())
    done = readme.succeeded(readme.retry(key))

    assert cancelled["status"] == "cancelled"
    assert step_of(cancelled, "copied")["status"] == "cancelled"
    assert 0 < step_of(cancelled, "copied")["progress"]["done"] < 7_000_000
    assert left == ["a.raw"]
    assert done["result"]["copied"] == 2
    assert step_of(done, "plan")["attempts"] == []  # kept
    for name in ("a.raw", "b.raw"):
        assert (mirror / name).read_bytes() == (photos / name).read_bytes()


def test_a_folder_is_not_mirrored_into_itself(readme: ExamplesReadme) -> None:
    answer = readme.send("/api/workflows/folder-mirror/run", mirror="photos/mirror")

    assert answer.status == 422
    assert answer.fields == [["params", "target"]]


def test_a_password_reset_overtakes_a_newsletter(readme: ExamplesReadme) -> None:
    people = "".join(f"p{number}@example.org,P{number}\n" for number in range(40))
    (readme.place / "all.csv").write_text(f"email,name\n{people}")
    (readme.place / "june.txt").write_text("News for $name\nDear $name,\n")

    bulk = readme.run("newsletter")
    eventually(lambda: any((readme.place / "outbox/new").glob("*")))
    reset = readme.succeeded(readme.run("mail"))
    done = readme.succeeded(bulk)
    mails = readme.client.get("/api/executions?workflowId=mail&limit=500").body["items"]

    starts = sorted(datetime.fromisoformat(mail["startedAt"]) for mail in mails)
    letters = mailbox.Maildir(readme.place / "outbox", create=False)
    assert done["result"] == {"sent": 40}
    assert len(starts) == 41
    assert {mail["priority"] for mail in mails} == {0, 9}
    assert starts[-1] - starts[0] >= timedelta(seconds=3)  # 41, ten in a second
    later = [start for start in starts if start > datetime.fromisoformat(reset["startedAt"])]
    assert len(later) >= 5  # it did not wait for them
    assert sorted(letter["Subject"] for letter in letters)[-1] == "Your new password"


def test_schedules_run_a_program_and_ask_an_address(readme: ExamplesReadme) -> None:
    results: dict[str, Any] = {}
    for line in lines():
        if line.path == "/api/schedules/workflows":
            made = readme.post(line)
            assert made.status == 201, made.raw
            trigger = readme.client.post(f"/api/schedules/{made.body['id']}/trigger")
            done = readme.succeeded(trigger.body["executionId"])
            results[done["workflowId"]] = done["result"]

    assert results["quarterjack.command"]["stdout"].startswith("Filesystem")
    assert results["quarterjack.http"]["status"] == 200
    assert '"status": "ok"' in results["quarterjack.http"]["body"].replace('":"', '": "')


def test_a_failure_is_told_in_a_chat_and_by_e_mail(readme: ExamplesReadme) -> None:
    with WebServer() as chat, MailServer() as smtp:
        (readme.place / "chat-address.txt").write_text(f"{chat.url}/hooks/x\n")
        options = ["--secret-file", "hook-secret.txt", "--to", "ops@example.org", "--port", "0"]
        options += ["--smtp", f"127.0.0.1:{smtp.port}"]
        with (
            subprocess.Popen(
                [sys.executable, "-m", "quarterjack.examples.failure_mail", *options],
                cwd=readme.place,
                stdout=subprocess.PIPE,
                text=True,
            ) as program,
            ExitStack() as stack,
        ):
            stack.callback(program.send_signal, signal.SIGINT)
            assert program.stdout is not None
            url = program.stdout.readline().split()[3].rstrip(";")
            schedule = readme.send("/api/workflows/chat-notice/schedule")
            hook = readme.send("/api/webhooks", **{"http://127.0.0.1:8322/": url})
            key = readme.client.run("quarterjack.command", argv=["false"])
            (letter,) = eventually(lambda: smtp.letters)
            (notice,) = eventually(lambda: chat.asked)
            readme.client.delete(f"/api/schedules/{schedule.body['id']}/workflow")
            readme.client.delete(f"/api/webhooks/{hook.body['id']}")

    assert (schedule.status, hook.status) == (201, 201)
    assert letter["Subject"] == "workflow.failed: quarterjack.command"
    assert key in letter.get_content()
    assert "quarterjack.command failed: CommandFailed" in notice.body


def test_the_examples_of_the_demo_write_their_reports(readme: ExamplesReadme) -> None:
    (readme.place / "photos").mkdir(exist_ok=True)
    keys = [readme.run(name) for name in ("dst-watch", "disk-watch", "self-care")]

    results = [readme.succeeded(key)["result"] for key in keys]

    for name in ("dst-watch.txt", "disk-watch.txt", "self-care.json"):
        assert (readme.place / "reports" / name).stat().st_size > 0
    assert results[2]["integrity"] == "ok"
    assert results[2]["rows"]["executions"] >= 3
