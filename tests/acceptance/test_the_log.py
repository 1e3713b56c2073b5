"""The log of a real server, as its reader sees it."""

import json
from typing import Any

from server_process import ServerProcess, Start
from waiting import eventually

APP = ("--app", "traced")
FORGED = "ok\n2026-01-01T00:00:00.000000Z INFO    quarterjack: forged\r\x1b[2J\u2028end"


def lines(server: ServerProcess) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log.splitlines()]


def test_a_json_log_has_an_object_a_line_with_its_ids(start: Start) -> None:
    server = start(*APP, "--log-format", "json", "--access-log")
    client = server.client()
    schedule = client.schedule("speaks", {"manual": True})
    body = {"params": {"text": FORGED}}
    answer = client.post(
        f"/api/schedules/{schedule}/trigger?", body, {"X-Request-ID": "from-the-caller"}
    )
    key = answer.body["executionId"]
    client.ended(key)
    assert server.end() == 0

    found = lines(server)
    (said,) = [line for line in found if line["logger"] == "quarterjack.step.speaks.speak"]
    assert said["message"] == f"heard: {FORGED}"
    assert (said["level"], said["executionId"], said["scheduleId"]) == ("warning", key, schedule)
    assert (said["workflowId"], said["step"], said["attempt"]) == ("speaks", "speak", 1)
    (request,) = [line for line in found if line.get("requestId") == "from-the-caller"]
    assert (request["call"], request["status"]) == ("triggerSchedule", 202)
    assert all(line["timestamp"].endswith("Z") for line in found)


def test_a_text_log_has_no_line_from_outside(start: Start) -> None:
    server = start(*APP, "--access-log")
    client = server.client()
    client.ended(client.run("speaks", text=FORGED))
    client.get("/%0d%0aforged%1b%5b2J?token=hush")
    assert server.end() == 0

    text = server.log
    assert "hush" not in text
    assert not any(line.startswith("2026-01-01T") for line in text.splitlines())
    assert not any(sign in text for sign in "\r\x1b\u2028")
    assert "heard: ok\\n2026" in text


def test_without_the_option_requests_are_not_logged(start: Start) -> None:
    server = start("--runner", "thread")
    client = server.client()
    client.ended(client.run("relay", log="/dev/null"))
    assert server.end() == 0

    assert "quarterjack.http" in server.log
    assert "quarterjack.http.access" not in server.log


def test_debug_and_json_can_come_from_the_environment(start: Start) -> None:
    env = {"QUARTERJACK_LOG_LEVEL": "debug", "QUARTERJACK_LOG_FORMAT": "json"}
    server = start(*APP, env=env)
    client = server.client()
    client.get("/healthz")

    def logged() -> bool:
        return any(line.get("call") == "getHealth" for line in lines(server))

    eventually(logged)
    assert server.end() == 0
