"""Backfills on a real server: killed in the middle, cancelled, beside a schedule that goes on."""

import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rest_client import RestClient
from server_process import ServerProcess
from waiting import eventually

SERVER_OPTIONS = ("--runner", "thread")

Start = Callable[..., ServerProcess]
PAST = {"cron": "* * * * *", "endAt": "2025-12-31T12:00:00Z"}
"""A schedule that does nothing by itself any more."""
RANGE = {"start": "2025-12-31T00:00:00Z", "end": "2025-12-31T02:00:00Z"}
MINUTES = 120


def _steps(log: Path) -> Counter[tuple[str, str]]:
    """How often each step of each execution was begun."""
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter((line.split()[0], line.split()[1]) for line in lines)


def _over(client: RestClient, key: str) -> dict[str, Any] | None:
    body: dict[str, Any] = client.get(f"/api/backfills/{key}").body
    return None if body["queued"] or body["running"] else body


def test_a_kill_in_the_middle_of_a_backfill_loses_and_doubles_nothing(
    start: Start, log: Path
) -> None:
    server = start()
    client = server.client()
    schedule = client.schedule("report", PAST, executionConfig={"params": {"log": str(log)}})
    made = client.post(f"/api/schedules/{schedule}/backfill", {**RANGE, "maxConcurrency": 8}).body
    for done in (10, 50):
        eventually(lambda least=done: len(_steps(log)) >= 3 * least)  # type: ignore[misc]
        server.end(signal.SIGKILL)
        server = start()
        client = server.client()

    shown = eventually(lambda: _over(client, made["backfillId"]), within=60)

    history, steps = client.executions(schedule), _steps(log)
    dues = sorted(datetime.fromisoformat(each["scheduledTime"]) for each in history)
    first = datetime.fromisoformat("2025-12-31T00:00:00+00:00")
    assert (shown["status"], shown["total"], shown["succeeded"]) == ("finished", MINUTES, MINUTES)
    assert dues == [first + timedelta(minutes=number) for number in range(MINUTES)]
    assert {each["id"] for each in history} == set(made["executionIds"])
    assert set(steps) == {
        (key, step) for key in made["executionIds"] for step in ("extract", "load", "notify")
    }
    again = [key for key, count in steps.items() if count > 1]
    assert len(again) <= 2 * 8, "only what was running when it was killed"


def test_a_backfill_whose_answer_never_came_is_made_whole_or_not_at_all(
    start: Start, tmp_path: Path, log: Path
) -> None:
    server = start("--grace", "1s")
    client = server.client()
    schedule = client.schedule(
        "gated", PAST, executionConfig={"params": {"log": str(log), "gate": "-"}}
    )
    path = f"/api/schedules/{schedule}/backfill"
    for number, pause in enumerate((0.02, 0.1, 0.3, 0.6)):
        day = f"2025-11-{number + 1:02}"
        request = {"start": f"{day}T00:00:00Z", "end": f"{day}T23:59:59Z"}
        asked = threading.Thread(target=_post_and_lose, args=(client, path, request))
        asked.start()
        threading.Event().wait(pause)
        server.end(signal.SIGKILL)
        asked.join(20)
        server = start("--grace", "1s")
        client = server.client()
        with closing(sqlite3.connect(f"file:{tmp_path / 'q.db'}?mode=ro", uri=True)) as database:
            query = "SELECT count(*) FROM {} WHERE due >= ? AND due < ?"
            begin = round(datetime.fromisoformat(request["start"]).timestamp()) * 1_000_000
            bounds = (begin, begin + 86_400_000_000)
            found = {
                database.execute(query.format(table), bounds).fetchone()[0]
                for table in ("executions", "fires")
            }
        assert found in ({0}, {1_440})

        again = client.post(path, request)
        left = 0 if found == {1_440} else 1_440
        assert (again.status, len(again.body["executionIds"])) == (202, left)


def _post_and_lose(client: RestClient, path: str, request: dict[str, str]) -> None:
    try:
        client.post(path, request)
    except Exception:  # the server is gone
        return


def test_a_cancelled_backfill_stays_cancelled_across_a_kill(
    start: Start, log: Path, gate: Path
) -> None:
    server = start()
    client = server.client()
    params = {"log": str(log), "gate": str(gate)}
    schedule = client.schedule("gated", PAST, executionConfig={"params": params})
    made = client.post(f"/api/schedules/{schedule}/backfill", {**RANGE, "maxConcurrency": 2}).body
    eventually(lambda: sum(step == "second" for _, step in _steps(log)) == 2)

    cancelled = client.post(f"/api/backfills/{made['backfillId']}/cancel")
    server.end(signal.SIGKILL)
    client = start().client()
    shown = eventually(lambda: _over(client, made["backfillId"]))

    assert cancelled.status == 202
    assert (shown["status"], shown["cancelled"]) == ("cancelled", MINUTES)
    begun = {key for key, _ in _steps(log)}
    assert len(begun) == 2, "no other has begun"
    assert client.post(f"/api/backfills/{made['backfillId']}/cancel").status == 409


def test_a_schedule_fires_on_time_beside_its_backfill(start: Start, log: Path, gate: Path) -> None:
    client = start("--processes", "4").client()
    params = {"log": str(log), "gate": str(gate)}
    schedule = client.schedule("gated", {"cron": "* * * * * *"}, executionConfig={"params": params})
    backfill = {"start": "2025-12-01T00:00:00Z", "end": "2025-12-01T00:00:10Z"}

    made = client.post(f"/api/schedules/{schedule}/backfill", backfill).body
    fires = eventually(
        lambda: client.get(f"/api/schedules/{schedule}/fires?outcome=skipped").body["items"]
    )
    live = [each for each in client.executions(schedule) if each["trigger"] == "cron"]
    running = eventually(lambda: client.get(f"/api/backfills/{made['backfillId']}").body["running"])
    gate.touch()
    client.post(f"/api/schedules/{schedule}/pause")
    shown = eventually(lambda: _over(client, made["backfillId"]))

    assert len(live) == 1, "the schedule does not overlap with itself"
    assert {fire["blockedBy"] for fire in fires} == {live[0]["id"]}
    assert running == 1
    assert (shown["total"], shown["succeeded"]) == (10, 10)
