"""Two schedules of a real server keep to one calendar, from the moment it is changed, and after a restart."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from icalendar_texts import a_day, a_text_of
from rest_client import RestClient
from server_process import ServerProcess
from waiting import eventually

SERVER_OPTIONS = ("--runner", "thread")

Start = Callable[..., ServerProcess]
EVERY_SECOND = {"cron": "* * * * * *", "exclude": ["calendar:closing-days"], "overlap": "allow"}
ADDRESS = "/api/calendars/closing-days"


def _closed_now() -> bytes:
    """A file with an event from yesterday to the day after tomorrow."""
    today = datetime.now(UTC).date()
    first, end = today - timedelta(days=1), today + timedelta(days=3)
    return a_text_of(
        a_day(f"{first:%Y%m%d}", f"DTEND;VALUE=DATE:{end:%Y%m%d}", name="Closed"),
        a_day("20200101", "RRULE:FREQ=YEARLY", uid="2", name="New Year"),
    )


def _fires(client: RestClient, key: str) -> list[dict[str, Any]]:
    """The newest rows of the ledger, newest first."""
    found: list[dict[str, Any]] = client.get(f"/api/schedules/{key}/fires?limit=500").body["items"]
    return found


def _until(client: RestClient, key: str, enough: Callable[[list[dict[str, Any]]], bool]) -> None:
    eventually(lambda: enough(_fires(client, key)), within=30)


def test_a_calendar_file_closes_schedules_until_it_is_changed(start: Start, log: Path) -> None:
    server = start()
    client = server.client()
    put = client.send("PUT", ADDRESS, _closed_now(), {"Content-Type": "text/calendar"})
    params = {"params": {"log": str(log)}}
    keys = [client.schedule("report", EVERY_SECOND, executionConfig=params) for _ in range(2)]

    for key in keys:
        _until(client, key, lambda rows: len(rows) >= 2)
        status = client.get(f"/api/schedules/{key}/status").body
        assert (
            status["nextExecution"]
            == client.get(f"/api/schedules/{key}/upcoming?count=1").body["items"][0]
        )
        assert datetime.fromisoformat(status["nextExecution"]) > datetime.now(UTC)
    assert put.status == 201
    assert client.delete(ADDRESS).status == 409
    assert not log.exists()

    server.send(signal.SIGKILL)
    server.wait()
    client = start().client()
    opened = client.put(ADDRESS, {"dates": []}, {"If-Match": put.headers["etag"]})
    since = datetime.now(UTC)

    assert opened.status == 200
    for key in keys:
        _until(client, key, lambda rows: any(row["executionId"] for row in rows))
        client.post(f"/api/schedules/{key}/pause")
        closed = [row for row in _fires(client, key) if row["reason"] == "excluded"]
        assert {row["outcome"] for row in closed} == {"skipped"}
        assert all(datetime.fromisoformat(row["decidedAt"]) < since for row in closed)
