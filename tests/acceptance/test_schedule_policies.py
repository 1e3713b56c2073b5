"""Each policy of a schedule over REST, in a real server and in real time."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rest_client import RestClient
from server_process import ServerProcess
from waiting import eventually

APPS = Path(__file__).parent / "apps"
Start = Callable[..., ServerProcess]
EACH_SECOND = {"cron": "* * * * * *"}
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestClient]:
    """Of one server for all tests that leave it running: each has schedules of its own."""
    folder = tmp_path_factory.mktemp("policies")
    options = ["--app", "jobs", "--port", "0", "--database", f"sqlite:///{folder / 'q.db'}"]
    server = ServerProcess("--runner", "thread", *options, cwd=APPS, log=folder / "log")
    with server:
        yield server.client()


def ledger(client: RestClient, key: str) -> list[dict[str, Any]]:
    """The fire ledger, oldest first."""
    body = client.get(f"/api/schedules/{key}/fires?limit=500").body
    assert body["nextCursor"] is None
    items: list[dict[str, Any]] = body["items"]
    return items[::-1]


def decided(client: RestClient, key: str) -> list[str]:
    """Each row of the ledger, oldest first: the reason, or else the outcome."""
    return [row["reason"] or row["outcome"] for row in ledger(client, key)]


def status(client: RestClient, key: str) -> dict[str, Any]:
    body: dict[str, Any] = client.get(f"/api/schedules/{key}/status").body
    return body


def until(client: RestClient, key: str, wanted: str) -> dict[str, Any]:
    """The status, when the schedule has come to that state."""

    def there() -> dict[str, Any] | None:
        found = status(client, key)
        return found if found["scheduleStatus"] == wanted else None

    return eventually(there, within=20)


def wire(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def params(tmp_path: Path) -> dict[str, Any]:
    return {"params": {"log": str(tmp_path / "log"), "gate": str(tmp_path / "gate")}}


def on_time(rows: list[dict[str, Any]]) -> bool:
    """The instants are a second apart, and each was decided when it came."""
    dues = [instant(row["scheduledTime"]) for row in rows]
    return dues == [dues[0] + number * SECOND for number in range(len(dues))] and all(
        0 <= row["lateness"] < 5 for row in rows
    )


# overlap


OVERLAP = {
    "skip": ["started", "overlap", "overlap", "overlap"],
    "queueOne": ["started", "queued", "overlap", "overlap"],
    "queueAll": ["started", "queued", "queued", "queued"],
    "allow": ["started"] * 4,
    "cancelRunning": ["started"] * 4,
}


def test_overlap(client: RestClient, tmp_path: Path) -> None:
    keys = {
        policy: client.schedule(
            "gated", EACH_SECOND | {"overlap": policy}, executionConfig=params(tmp_path)
        )
        for policy in OVERLAP
    }

    eventually(lambda: all(len(ledger(client, key)) >= 4 for key in keys.values()), within=20)
    for key in keys.values():
        client.post(f"/api/schedules/{key}/pause")
    (tmp_path / "gate").touch()

    for policy, key in keys.items():
        ended = eventually(lambda key=key: all_ended(client, key), within=20)  # type: ignore[misc]
        found = ledger(client, key)[:4]
        assert [row["reason"] or row["outcome"] for row in found] == OVERLAP[policy]
        assert on_time(found)
        first = found[0]["executionId"]
        for row in found[1:]:
            assert (row["executionId"] is None) == (row["reason"] == "overlap")
            assert row["blockedBy"] == (first if row["reason"] == "overlap" else None)
        assert ended[-1] == ("cancelled" if policy == "cancelRunning" else "succeeded")
        assert ended[0] == "succeeded"


def all_ended(client: RestClient, key: str) -> list[str] | None:
    """How the executions ended, newest first, when all have."""
    found = client.executions(key)
    return [each["status"] for each in found] if all(each["endedAt"] for each in found) else None


def test_a_manual_trigger_passes_by_overlap_unless_told_not_to(
    client: RestClient, tmp_path: Path
) -> None:
    key = client.schedule("gated", {"manual": True}, executionConfig=params(tmp_path))
    path = f"/api/schedules/{key}/trigger"
    first = client.post(path).body["executionId"]

    beside = client.post(path)
    refused = client.post(path, {"respectOverlap": True})
    (tmp_path / "gate").touch()

    assert beside.status == 202
    assert refused.status == 409
    assert first in refused.body["detail"]
    assert eventually(lambda: all_ended(client, key), within=20) == ["succeeded"] * 2


# From when, until when, how often, on which days


def test_a_schedule_fires_from_its_start_to_its_end(client: RestClient) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    begin, end = now + 3 * SECOND, now + 5 * SECOND
    config = EACH_SECOND | {"startAt": wire(begin), "endAt": wire(end), "overlap": "allow"}
    key = client.schedule("isolated", config)

    until(client, key, "finished")

    assert [instant(row["scheduledTime"]) for row in ledger(client, key)] == [begin, begin + SECOND]


def test_a_schedule_is_finished_after_its_last_run(client: RestClient) -> None:
    key = client.schedule("isolated", EACH_SECOND | {"maxRuns": 2, "overlap": "allow"})

    found = until(client, key, "finished")

    assert decided(client, key) == ["started", "started"]
    assert found["nextExecution"] is None


def test_an_excluded_day_has_rows_and_no_executions(client: RestClient) -> None:
    days = [(datetime.now(UTC) + timedelta(days=day)).date().isoformat() for day in (0, 1)]
    key = client.schedule("isolated", EACH_SECOND | {"exclude": ["/".join(days)]})

    eventually(lambda: len(ledger(client, key)) >= 2, within=20)

    assert set(decided(client, key)) == {"excluded"}
    assert client.executions(key) == []
    skipped = client.get("/api/events?topic=schedule:skipped&limit=500").body["items"]
    assert "excluded" in [each["data"]["reason"] for each in skipped if each["scheduleId"] == key]


def test_several_lines_make_one_schedule(client: RestClient) -> None:
    lines = ["0-58/2 * * * * *", "1-59/2 * * * * *"]
    key = client.schedule("isolated", {"cron": lines, "overlap": "allow"})

    eventually(lambda: len(ledger(client, key)) >= 3, within=20)

    assert on_time(ledger(client, key))


def test_jitter_puts_off_within_its_bounds(client: RestClient) -> None:
    config = EACH_SECOND | {"jitter": "900ms", "overlap": "allow", "maxRuns": 3}
    key = client.schedule("isolated", config)

    until(client, key, "finished")

    rows = ledger(client, key)
    assert on_time(rows)
    assert len({row["jitter"] for row in rows}) == 3
    for row in rows:
        assert 0 <= row["jitter"] < 0.9
        waited = (instant(row["decidedAt"]) - instant(row["scheduledTime"])).total_seconds()
        assert row["lateness"] == pytest.approx(waited - row["jitter"], abs=1e-5)


def test_a_schedule_that_keeps_failing_is_paused_with_a_note(client: RestClient) -> None:
    key = client.schedule(
        "broken", EACH_SECOND | {"overlap": "queueAll"}, executionConfig={"pauseOnFailure": 2}
    )

    found = until(client, key, "paused")

    assert found["note"].startswith(
        "paused after 2 failures in a row; the last: ValueError: no way"
    )
    assert found["nextExecution"] is None
    paused = client.get("/api/events?topic=schedule:paused&limit=500").body["items"]
    assert [each["data"] for each in paused if each["scheduleId"] == key] == [
        {"note": found["note"]}
    ]


# What passes while nothing fires

CATCH_UP = {
    "skip": {"catchUpSkipped"},
    "latest": {"superseded", "caughtUp"},
    "all": {"caughtUp"},
}


def _one_for_each_policy(client: RestClient) -> dict[str, str]:
    return {
        policy: client.schedule(
            "isolated",
            EACH_SECOND | {"catchUp": policy, "catchUpWindow": "10m", "overlap": "allow"},
        )
        for policy in CATCH_UP
    }


def _late_rows(client: RestClient, key: str) -> list[dict[str, Any]]:
    return [row for row in ledger(client, key) if row["lateness"] > 10]


def _check_what_was_missed(client: RestClient, keys: dict[str, str]) -> None:
    for policy, key in keys.items():
        eventually(lambda key=key: _late_rows(client, key), within=20)  # type: ignore[misc]
        rows = ledger(client, key)
        late = _late_rows(client, key)
        dues = [instant(row["scheduledTime"]) for row in rows]
        assert dues == [dues[0] + number * SECOND for number in range(len(dues))]
        reasons = {row["reason"] or row["outcome"] for row in late}
        assert reasons <= CATCH_UP[policy]
        caught_up = [row for row in late if row["outcome"] == "caughtUp"]
        assert len(caught_up) == {"skip": 0, "latest": 0, "all": len(late)}[policy]
        executions = [each["scheduledTime"] for each in client.executions(key)]
        assert len(executions) == len(set(executions))
        seen = {each for each in executions if instant(each) <= dues[-1]}  # it goes on firing
        assert {row["scheduledTime"] for row in rows if row["executionId"]} == seen


def test_what_was_due_while_the_server_was_dead_follows_the_policy(start: Start) -> None:
    server = start("--runner", "thread")
    client = server.client()
    keys = _one_for_each_policy(client)
    eventually(lambda: all(ledger(client, key) for key in keys.values()), within=20)

    server.end(signal.SIGKILL)
    time.sleep(13)
    client = start("--runner", "thread").client()

    _check_what_was_missed(client, keys)


@pytest.mark.parametrize(
    "seconds",
    [
        13,
        pytest.param(90, marks=[pytest.mark.slow, pytest.mark.timeout(180)]),
    ],
)
def test_what_was_due_while_the_process_was_stopped_follows_the_policy(
    start: Start, seconds: int
) -> None:
    server = start("--runner", "thread")
    client = server.client()
    keys = _one_for_each_policy(client)
    eventually(lambda: all(ledger(client, key) for key in keys.values()), within=20)
    paused = client.schedule("isolated", EACH_SECOND | {"catchUp": "skip"})
    client.post(f"/api/schedules/{paused}/pause", {"note": "maintenance"})

    os.kill(server.process.pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(server.process.pid, signal.SIGCONT)

    _check_what_was_missed(client, keys)
    resumed = client.post(f"/api/schedules/{paused}/resume", {"note": "done"})
    assert resumed.body["scheduleStatus"] == "active"
    eventually(lambda: "paused" in decided(client, paused))
    missed = client.get("/api/events?topic=schedule:missed&limit=500").body["items"]
    assert {each["data"]["reason"] for each in missed if each["scheduleId"] == paused} == {"paused"}
    seqs = _all_seqs(client)
    assert seqs == list(range(1, len(seqs) + 1))


def _all_seqs(client: RestClient) -> list[int]:
    found: list[int] = []
    while True:
        after = found[-1] if found else 0
        page = client.get(f"/api/events?limit=500&after={after}").body["items"]
        if not page:
            return found
        found += [each["seq"] for each in page]


def test_an_interval_is_not_shifted_by_a_restart(start: Start) -> None:
    server = start("--runner", "thread")
    client = server.client()
    anchor = datetime.now(UTC).replace(microsecond=123_000) - timedelta(days=3)
    config = {"interval": "2s", "anchor": wire(anchor), "overlap": "allow"}
    key = client.schedule("isolated", config)
    eventually(lambda: len(ledger(client, key)) >= 2, within=20)

    assert server.end() == 0
    client = start("--runner", "thread").client()
    eventually(lambda: len(ledger(client, key)) >= 4, within=20)

    dues = [instant(row["scheduledTime"]) for row in ledger(client, key)]
    assert all((due - anchor) % timedelta(seconds=2) == timedelta(0) for due in dues)
    assert dues == [dues[0] + 2 * number * SECOND for number in range(len(dues))]
