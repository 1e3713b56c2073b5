"""The wall clock is set, wakes in another century, or runs too fast: each due instant is decided once."""

import signal
import threading
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from rest_client import RestClient
from server_process import Start
from waiting import eventually
from wall_clock import WallClock

SERVER_OPTIONS = ("--app", "clocked", "--runner", "thread")
SECOND = timedelta(seconds=1)
EACH_SECOND = {"cron": "* * * * * *", "overlap": "allow"}
TEN_MINUTES = {"cron": "*/10 * * * *", "overlap": "allow", "catchUpWindow": "3h"}
A_MOMENT = 2.5


def _rows(client: RestClient, key: str) -> list[dict[str, Any]]:
    """The fire ledger, oldest first."""
    body = client.get(f"/api/schedules/{key}/fires?limit=500").body
    items: list[dict[str, Any]] = body["items"]
    return items[::-1]


def _dues(client: RestClient, key: str) -> list[datetime]:
    return [datetime.fromisoformat(row["scheduledTime"]) for row in _rows(client, key)]


def _outcomes(client: RestClient, key: str) -> list[str]:
    return [row["reason"] or row["outcome"] for row in _rows(client, key)]


def _jumps(client: RestClient) -> list[int]:
    """By how many seconds the clock was set, of each event that tells so."""
    return [round(each["data"]["seconds"]) for each in client.events(topic="server:clockChanged")]


def _let_pass(seconds: float) -> None:
    """So long, in which something must not happen."""
    threading.Event().wait(seconds)


def _are_a_second_apart(dues: list[datetime]) -> bool:
    return dues == [dues[0] + number * SECOND for number in range(len(dues))]


def test_a_clock_that_is_set_forward_is_caught_up_and_one_set_back_fires_nothing_twice(
    start: Start, tmp_path: Path, gate: Path
) -> None:
    clock = WallClock(tmp_path)
    server = start(env=clock.env)
    client = server.client()
    keys = {
        policy: client.schedule("tick", {**TEN_MINUTES, "catchUp": policy})
        for policy in ("all", "latest", "skip")
    }
    begun = datetime.now(UTC)
    interval = client.schedule("tick", {"interval": "1s", "overlap": "allow", "catchUp": "skip"})
    running = client.run("patient", gate=str(gate))
    eventually(lambda: len(_dues(client, interval)) >= 2)

    clock.set("+2h")
    eventually(lambda: all(len(_dues(client, key)) >= 12 for key in keys.values()))
    after = {policy: _outcomes(client, key) for policy, key in keys.items()}
    dues = _dues(client, keys["all"])
    eventually(lambda: _rows(client, interval)[-1]["outcome"] == "started")
    clock.set("+30m")
    eventually(lambda: len(_jumps(client)) == 2)
    before = {key: _dues(client, key) for key in (*keys.values(), interval)}
    _let_pass(A_MOMENT)
    meanwhile = {key: _dues(client, key) for key in before}
    clock.set("+2h")
    eventually(lambda: len(_dues(client, interval)) > len(before[interval]) + 1)
    gate.touch()

    assert after["all"] == ["caughtUp"] * 12
    assert after["latest"] == ["superseded"] * 11 + ["caughtUp"]
    assert after["skip"] == ["catchUpSkipped"] * 12
    assert dues == [dues[0] + number * timedelta(minutes=10) for number in range(12)]
    assert timedelta(0) < dues[0] - begun <= timedelta(minutes=10)
    assert meanwhile == before
    at = _dues(client, interval)
    assert len(set(at)) == len(at)
    assert {(each - at[0]) % SECOND for each in at} == {timedelta(0)}
    assert client.ended(running)["result"] == "in time"
    assert _jumps(client) == [7_200, -5_400, 5_400]
    assert client.get("/healthz").body["clockJumps"] == 3
    assert server.log.count("the wall clock went ") == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("says", "passed"),
    [
        pytest.param(
            "@2038-01-19 03:14:05", datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC), id="2038"
        ),
        pytest.param(
            "@2100-02-28 23:59:57",
            datetime(2100, 3, 1, tzinfo=UTC),
            id="2100",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_server_that_starts_in_another_century_fires_each_instant(
    start: Start, tmp_path: Path, says: str, passed: datetime
) -> None:
    clock = WallClock(tmp_path, says)
    client = start(env={**clock.env, "TZ": "UTC"}).client()
    key = client.schedule("tick", EACH_SECOND)

    eventually(lambda: max(_dues(client, key), default=passed) > passed + SECOND)

    rows = _rows(client, key)
    dues = [datetime.fromisoformat(row["scheduledTime"]) for row in rows]
    assert {row["outcome"] for row in rows} == {"started"}
    assert _are_a_second_apart(dues)
    assert max(row["lateness"] for row in rows) < 5
    last = client.ended(rows[-1]["executionId"])
    assert datetime.fromisoformat(last["result"]) == dues[-1]


@pytest.mark.slow
def test_a_server_that_wakes_in_1970_fires_nothing_until_its_clock_is_set(
    start: Start, tmp_path: Path
) -> None:
    server = start()
    old = server.client().schedule("tick", {"cron": "0 0 * * *"})
    server.end(signal.SIGTERM)
    clock = WallClock(tmp_path, "@1970-01-01 00:00:30")
    server = start(env=clock.env)
    client = server.client()

    ready = client.get("/readyz")
    key = client.schedule("tick", {"interval": "1s", "overlap": "allow"})
    by_hand = client.ended(client.trigger(old))
    _let_pass(A_MOMENT)
    meanwhile = _dues(client, key)
    clock.set("+0")
    eventually(lambda: "started" in _outcomes(client, key))

    assert ready.status == 200
    assert "the clock is before the newest event" in ready.body["warnings"][0]
    assert meanwhile == []
    assert by_hand["status"] == "succeeded"
    assert client.get("/readyz").body["warnings"] == []
    assert "nothing fires until the clock has come to that" in server.log
    assert "schedules fire again" in server.log
    dues = _dues(client, key)
    assert len(set(dues)) == len(dues)


@pytest.mark.slow
@pytest.mark.parametrize("rate", ["0.9995", pytest.param("1.0005", marks=pytest.mark.slow)])
def test_a_clock_that_is_slewed_is_followed_without_a_word(
    start: Start, tmp_path: Path, rate: str
) -> None:
    clock = WallClock(tmp_path, f"+0 x{rate}")
    client = start(env=clock.env).client()
    key = client.schedule("tick", EACH_SECOND)

    eventually(lambda: len(_dues(client, key)) >= 5)

    late = sorted(row["lateness"] for row in _rows(client, key))
    assert _are_a_second_apart(_dues(client, key))
    assert late[0] >= 0
    assert late[0] < 0.05
    assert _jumps(client) == []


def _zones(folder: Path, version: str, paris: str) -> dict[str, str]:
    """Time zone data in which Paris has the clock of that place; the environment that chooses it."""
    packaged = resources.files("tzdata") / "zoneinfo"
    (folder / "Europe").mkdir(parents=True)
    (folder / "UTC").write_bytes((packaged / "UTC").read_bytes())
    (folder / "Europe/Paris").write_bytes(packaged.joinpath(*paris.split("/")).read_bytes())
    (folder / "+VERSION").write_text(f"{version}\n", encoding="ascii")
    return {"PYTHONTZPATH": str(folder)}


@pytest.mark.slow
def test_new_time_zone_data_moves_what_is_due_and_nothing_that_was_decided(
    start: Start, tmp_path: Path
) -> None:
    server = start(env=_zones(tmp_path / "old", "2020a", "Asia/Tokyo"))
    client = server.client()
    morning = client.schedule("tick", {"cron": "0 9 * * *", "timezone": "Europe/Paris"})
    each = client.schedule("tick", {**EACH_SECOND, "timezone": "Europe/Paris"})
    eventually(lambda: len(_dues(client, each)) >= 2)
    client.post(f"/api/schedules/{each}/pause")
    was, decided = client.get(f"/api/schedules/{morning}/status").body, _rows(client, each)
    server.end()

    server = start(env=_zones(tmp_path / "new", "2026z", "Etc/GMT-2"))
    client = server.client()
    now = client.get(f"/api/schedules/{morning}/status").body

    assert "T00:00:00" in was["nextExecution"]
    assert "T07:00:00" in now["nextExecution"]
    assert client.get("/readyz").body["tzdataVersion"] == "system 2026z"
    assert "was system 2020a and is system 2026z; 1 schedules are due at another" in server.log
    assert _rows(client, each) == decided
