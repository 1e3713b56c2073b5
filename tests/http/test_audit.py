"""Who changed what is remembered before they have their answer, also what was refused."""

from typing import Any

import pytest
from bearer import Bearer
from rest_client import RestClient
from site_server import Site


def entries(client: RestClient, **query: str) -> list[dict[str, Any]]:
    """Of the audit table, newest first."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    answer = client.get(f"/api/audit?{asked}")
    assert answer.status == 200, answer.raw
    found: list[dict[str, Any]] = answer.body["items"]
    return found


def made(client: RestClient, **body: object) -> Bearer:
    answer = client.post("/api/tokens", {"name": "n", "role": "admin", **body})
    assert answer.status == 201, answer.raw
    return Bearer(client.url, answer.body["token"])


def test_what_is_done_without_tokens_is_remembered_by_its_address(client: RestClient) -> None:
    key = client.schedule("echo", {"manual": True})

    (entry,) = entries(client)

    assert entry["action"] == "createSchedule"
    assert (entry["scheduleId"], entry["workflowId"]) == (key, "echo")
    assert (entry["tokenId"], entry["tokenName"], entry["role"]) == (None, None, "admin")
    assert (entry["address"], entry["status"]) == ("127.0.0.1", 201)


def test_each_change_of_a_schedule_is_shown_with_it(client: RestClient) -> None:
    key, other = (client.schedule("echo", {"manual": True}) for _ in range(2))
    one = f"/api/schedules/{key}"
    execution = client.trigger(key)
    client.post(f"{one}/pause", {"note": "x"})
    client.put(f"{one}/workflow", {"name": "new"})
    client.delete(f"{one}/workflow")
    client.trigger(other)

    found = entries(client, scheduleId=key)

    assert [(each["action"], each["status"]) for each in found] == [
        ("deleteSchedule", 204),
        ("updateSchedule", 200),
        ("pauseSchedule", 200),
        ("triggerSchedule", 202),
        ("createSchedule", 201),
    ]
    assert found[3]["executionId"] == execution


def test_reading_and_playing_through_are_no_changes(client: RestClient) -> None:
    client.get("/api/schedules")
    client.post("/api/schedules/preview", {"scheduleConfig": {"cron": "0 0 * * *"}})

    assert entries(client) == []


def test_what_is_refused_is_remembered_too(client: RestClient) -> None:
    admin = made(client)
    viewer = made(admin, name="looks", role="viewer")
    limited = made(admin, name="limited", workflows=["gated"])
    key = admin.schedule("echo", {"manual": True})
    path = f"/api/schedules/{key}/trigger"

    assert viewer.post(path).status == 403
    assert limited.post(path).status == 404
    assert admin.post(path, {"priority": 99}).status == 422
    assert client.post(path).status == 401

    found = entries(admin, action="triggerSchedule")
    assert [(each["tokenName"], each["role"], each["status"]) for each in found] == [
        ("n", "admin", 422),
        ("limited", "admin", 404),
        ("looks", "viewer", 403),
    ]
    assert found[2]["scheduleId"] == key
    assert found[2]["detail"] == {"problem": "NotPermitted"}


def test_what_is_made_of_tokens_is_remembered_without_their_text(client: RestClient) -> None:
    admin = made(client)
    other = made(admin, name="ci", role="operator")
    key = admin.get("/api/tokens").body["items"][1]["id"]
    admin.delete(f"/api/tokens/{key}")

    found = entries(admin)

    assert [each["action"] for each in found] == ["revokeToken", "createToken", "createToken"]
    assert found[0]["detail"] == {"token_id": key}
    assert found[1]["detail"] == {"token_id": key, "role": "operator"}
    assert other.secret not in str(found)


def test_a_repetition_is_remembered_as_one(client: RestClient) -> None:
    for _ in range(2):
        client.post("/api/workflows/echo/run", None, {"Idempotency-Key": "k"})

    second, first = entries(client)

    assert first["executionId"] == second["detail"]["made"]
    assert second["detail"]["replayed"] is True
    assert first["workflowId"] == second["workflowId"] == "echo"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"action": "runWorkflow"}, ["runWorkflow"] * 3),
        ({"action": "nothing"}, []),
        ({"until": "2020-01-01T00:00:00Z"}, []),
        ({"since": "2020-01-01T00:00:00Z", "limit": "1"}, ["runWorkflow"]),
    ],
)
def test_entries_are_found_by_what_is_asked(
    client: RestClient, query: dict[str, str], expected: list[str]
) -> None:
    for _ in range(3):
        client.run("echo")

    assert [each["action"] for each in entries(client, **query)] == expected


def test_entries_of_a_token_are_found_in_pages(client: RestClient) -> None:
    admin = made(client)
    key = admin.get("/api/tokens").body["items"][0]["id"]
    runs = [admin.run("echo") for _ in range(3)]

    found, cursor = [], ""
    while True:
        page = admin.get(f"/api/audit?token={key}&limit=2{cursor}").body
        found += [each["executionId"] for each in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"

    assert found == runs[::-1]


def test_an_entry_is_there_before_the_answer_is(site: Site) -> None:
    for number in range(1, 20):
        site.client.run("echo")
        assert len(entries(site.client)) == number


def test_a_wrong_path_leaves_nothing(client: RestClient) -> None:
    assert client.post("/api/nothing").status == 404
    assert client.post("/api/schedules").status == 405
    assert entries(client) == []


def test_whoever_may_see_a_schedule_sees_who_changed_it_without_addresses(
    client: RestClient,
) -> None:
    root = made(client, name="root")
    viewer = made(root, name="eyes", role="viewer", workflows=["echo"])
    key, other = root.schedule("echo", {"manual": True}), root.schedule("fails", {"manual": True})
    root.post(f"/api/schedules/{key}/pause", {"note": "x"})
    root.post(f"/api/schedules/{key}/pause?nonsense=1", {})

    first = viewer.get(f"/api/schedules/{key}/audit?limit=2").body
    rest = viewer.get(f"/api/schedules/{key}/audit?cursor={first['nextCursor']}").body

    items = first["items"] + rest["items"]
    assert [(each["action"], each["status"], each["tokenName"]) for each in items] == [
        ("pauseSchedule", 422, "root"),
        ("pauseSchedule", 200, "root"),
        ("createSchedule", 201, "root"),
    ]
    assert items[0]["detail"] == {"problem": "InvalidInput"}
    assert items[0].keys() == {"id", "at", "tokenName", "role", "action", "status", "detail"}
    assert viewer.get(f"/api/schedules/{other}/audit").status == 404
    assert viewer.get("/api/audit").status == 403


def test_the_audit_of_an_unknown_schedule_is_not_there(client: RestClient) -> None:
    key = client.schedule("echo", {"manual": True})
    client.delete(f"/api/schedules/{key}/workflow")

    assert client.get("/api/schedules/sch_nobody/audit").status == 404
    found = client.get(f"/api/schedules/{key}/audit").body["items"]
    assert [each["action"] for each in found] == ["deleteSchedule", "createSchedule"]
