"""Each call of the client, through a real socket: what it gives, and in which shape."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pykka
import pytest
from gate import Gate
from site_server import Site
from waiting import eventually

from quarterjack.http import Client, ClientClosed, Forbidden, Unauthorized
from quarterjack.runtime import ExecutionStatus, InvalidInput, NotFound, ScheduleStatus
from quarterjack.storage import BackfillStatus, ExecutionId, StepStatus, Trigger
from quarterjack.storage.audit import AuditFilter
from quarterjack.storage.counts import DaysFilter, Interval, StatisticsFilter
from quarterjack.storage.queries import ExecutionFilter, FireFilter, PageRequest, ScheduleFilter

FULL = {
    "workflowId": "echo",
    "name": "Nightly",
    "description": "Every night.",
    "enabled": True,
    "scheduleConfig": {
        "cron": ["0 3 * * *", "30 4 * * sun"],
        "timezone": "Europe/Paris",
        "startAt": "2026-01-01T00:00:00Z",
        "endAt": "2090-01-01T00:00:00Z",
        "jitter": "10s",
        "maxRuns": 1000,
        "exclude": ["2026-12-25"],
        "overlap": "queueOne",
        "catchUp": "all",
        "catchUpWindow": "1h",
    },
    "executionConfig": {
        "params": {"text": "é"},
        "priority": 3,
        "timeout": "10m",
        "maxConcurrency": 2,
        "retryPolicy": {"attempts": 3, "backoff": "2s", "factor": 2, "maxBackoff": "1m"},
    },
    "metadata": {"team": ["bi"]},
}
MANUAL = {"workflowId": "echo", "name": "A", "scheduleConfig": {"manual": True}}
TIMEOUT = 20


def test_a_schedule_is_made_read_changed_and_deleted(remote: Client) -> None:
    key = remote.create_scheduled_workflow(FULL).get(timeout=TIMEOUT)
    made = remote.get_schedule(key).get(timeout=TIMEOUT)
    changed = remote.update_scheduled_workflow(key, {"name": "B"}, version=made.version).get(
        timeout=TIMEOUT
    )
    remote.delete_scheduled_workflow(key, cancel=True, version=changed.version).get(timeout=TIMEOUT)

    assert (made.id, made.name, made.metadata) == (key, "Nightly", {"team": ["bi"]})
    assert made.schedule_config.cron == ["0 3 * * *", "30 4 * * sun"]
    assert made.schedule_config.jitter == 10.0
    assert made.execution_config.timeout == timedelta(minutes=10)
    assert (changed.name, changed.version) == ("B", 2)
    with pytest.raises(NotFound):
        remote.get_schedule(key).get(timeout=TIMEOUT)


@pytest.mark.parametrize(
    "config",
    [
        {"interval": "15m", "anchor": "2026-01-01T00:00:00Z"},
        {"at": "2089-01-01T00:00:00Z"},
        {"event": "uploaded", "eventFilter": {"file.kind": "csv"}},
        {"manual": True},
    ],
)
def test_every_kind_of_schedule_can_be_read(remote: Client, config: dict[str, object]) -> None:
    key = remote.create_scheduled_workflow({**MANUAL, "scheduleConfig": config}).get(
        timeout=TIMEOUT
    )

    found = remote.get_schedule(key).get(timeout=TIMEOUT)

    shown = found.model_dump()["scheduleConfig"]
    assert config.keys() <= shown.keys()


def test_a_schedule_is_paused_resumed_and_synced(remote: Client) -> None:
    key = remote.create_scheduled_workflow(FULL).get(timeout=TIMEOUT)

    paused = remote.pause_schedule(key, "a holiday").get(timeout=TIMEOUT)
    resumed = remote.resume_schedule(key).get(timeout=TIMEOUT)
    synced = remote.sync_schedule_workflow_state(key).get(timeout=TIMEOUT)

    assert (paused.schedule_status, paused.note) == (ScheduleStatus.PAUSED, "a holiday")
    assert resumed.schedule_status is ScheduleStatus.ACTIVE
    assert synced == remote.get_schedule_workflow_status(key).get(timeout=TIMEOUT)


def test_a_run_is_triggered_waited_for_and_read(remote: Client) -> None:
    schedule = remote.create_scheduled_workflow(MANUAL).get(timeout=TIMEOUT)
    key = remote.trigger_scheduled_execution(
        schedule, params={"text": "ho"}, context={"by": "me"}, priority=1
    ).get(timeout=TIMEOUT)

    ended = remote.wait_for(key).get(timeout=TIMEOUT)
    logs = remote.get_step_logs(key, "say").get(timeout=TIMEOUT)

    assert (ended.status, ended.trigger) == (ExecutionStatus.SUCCEEDED, Trigger.MANUAL)
    assert (ended.context, ended.priority, ended.result) == ({"by": "me"}, 1, "HO")
    assert [step.name for step in ended.steps] == ["say", "shout"]
    assert ended.steps[1].depends_on == ["say"]
    assert [log.attempt for log in logs] == [1]
    assert remote.get_execution(key).get(timeout=TIMEOUT) == ended


def test_a_run_is_cancelled_and_retried(remote: Client, gate: Gate) -> None:
    key = remote.run("gated").get(timeout=TIMEOUT)
    eventually(lambda: remote.get_execution(key).get(timeout=TIMEOUT).started_at)
    remote.cancel_scheduled_execution(key).get(timeout=TIMEOUT)
    gate.open()
    ended = remote.wait_for(key).get(timeout=TIMEOUT)
    again = remote.retry_execution(key).get(timeout=TIMEOUT)

    assert ended.status is ExecutionStatus.CANCELLED
    retried = remote.wait_for(again).get(timeout=TIMEOUT)
    assert (retried.status, retried.retry_of) == (ExecutionStatus.SUCCEEDED, key)
    assert retried.steps[0].status is StepStatus.SUCCEEDED


def test_all_pages_of_a_list_are_gone_through(remote: Client) -> None:
    keys = [remote.create_scheduled_workflow(MANUAL).get(timeout=TIMEOUT) for _ in range(5)]

    first = remote.list_schedules(page=PageRequest(2)).get(timeout=TIMEOUT)
    second = remote.list_schedules(page=PageRequest(2, first.next)).get(timeout=TIMEOUT)
    every = [each.id for each in remote.list_schedules(page=PageRequest(2)).all()]

    assert [each.id for each in first.items + second.items] == keys[:4]
    assert every == keys
    assert remote.list_schedules().get(timeout=TIMEOUT).next is None


def test_pages_can_be_gone_through_on_a_loop(site: Site) -> None:
    async def read() -> tuple[list[ExecutionId], list[str]]:
        async with Client(site.client.url) as client:
            keys = [await client.run("echo") for _ in range(3)]
            listed = client.list_executions(page=PageRequest(2)).all()
            return keys, [execution.id async for execution in listed]

    keys, found = asyncio.run(read())

    assert sorted(found) == sorted(keys)


def test_a_key_of_another_kind_is_no_page_of_a_client(remote: Client) -> None:
    with pytest.raises(InvalidInput):
        remote.list_schedules(page=PageRequest(2, (1, "x"))).get(timeout=TIMEOUT)


def test_lists_are_filtered(remote: Client) -> None:
    schedule = remote.create_scheduled_workflow({**MANUAL, "name": "needle"}).get(timeout=TIMEOUT)
    other = remote.create_scheduled_workflow(MANUAL).get(timeout=TIMEOUT)
    key = remote.trigger_scheduled_execution(schedule).get(timeout=TIMEOUT)
    remote.trigger_scheduled_execution(other).get(timeout=TIMEOUT)
    ended = remote.wait_for(key).get(timeout=TIMEOUT)

    wanted = ExecutionFilter(
        status=ExecutionStatus.SUCCEEDED,
        schedule_id=schedule,
        since=ended.queued_at,
        until=ended.queued_at + timedelta(seconds=1),
    )
    executions = remote.list_executions(wanted).get(timeout=TIMEOUT)
    schedules = remote.list_schedules(ScheduleFilter(text="needle")).get(timeout=TIMEOUT)
    none = remote.list_fires(schedule, FireFilter(since=ended.queued_at)).get(timeout=TIMEOUT)

    assert [each.id for each in executions.items] == [key]
    assert [each.id for each in schedules.items] == [schedule]
    assert none.items == []


def test_what_a_schedule_will_do_is_told(remote: Client) -> None:
    key = remote.create_scheduled_workflow(FULL).get(timeout=TIMEOUT)

    instants = remote.upcoming(key, 3).get(timeout=TIMEOUT)
    played = remote.preview({"scheduleConfig": FULL["scheduleConfig"]}).get(timeout=TIMEOUT)
    meaning = remote.cron("0 3 * * *", after=datetime(2026, 1, 1, tzinfo=UTC), count=1).get(
        timeout=TIMEOUT
    )

    assert len(instants) == 3
    assert instants == sorted(instants)
    assert played.items[0].scheduled_time == instants[0]
    assert meaning.items == [datetime(2026, 1, 1, 3, tzinfo=UTC)]


def test_a_range_is_backfilled(remote: Client) -> None:
    config = {"cron": "0 3 * * *", "startAt": "2026-01-01T00:00:00Z"}
    key = remote.create_scheduled_workflow({**MANUAL, "scheduleConfig": config}).get(
        timeout=TIMEOUT
    )
    request = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-04T00:00:00Z"}

    made = remote.backfill_schedule(key, request).get(timeout=TIMEOUT)
    for each in made.execution_ids:
        remote.wait_for(each).get(timeout=TIMEOUT)
    progress = remote.get_backfill(made.backfill_id).get(timeout=TIMEOUT)
    fires = remote.list_fires(key, page=PageRequest(2)).all()

    assert (progress.status, progress.succeeded) == (BackfillStatus.FINISHED, 3)
    assert remote.list_backfills(key).get(timeout=TIMEOUT).items == [progress]
    assert len(list(fires)) == 3
    with pytest.raises(Exception, match="can't become"):
        remote.cancel_backfill(made.backfill_id).get(timeout=TIMEOUT)


def test_calendars_are_kept(remote: Client) -> None:
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        "DTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20261225\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    made = remote.put_calendar("closed", dates=["2026-12-24"], description="x").get(timeout=TIMEOUT)
    read = remote.put_calendar("closed", icalendar=text, version=made.version).get(timeout=TIMEOUT)
    listed = remote.list_calendars().get(timeout=TIMEOUT).items
    remote.delete_calendar("closed", version=read.version).get(timeout=TIMEOUT)

    assert (made.dates, made.description) == (["2026-12-24"], "x")
    assert read.dates == ["2026-12-25"]
    assert [each.name for each in listed] == ["closed"]
    assert remote.list_calendars().get(timeout=TIMEOUT).items == []


def test_events_are_sent_and_listed(remote: Client) -> None:
    key = remote.run("asks", params={"order": "7"}).get(timeout=TIMEOUT)
    eventually(lambda: remote.get_execution(key).get(timeout=TIMEOUT).status == "waiting")

    reached = remote.send_event("approved", "yes", key="7").get(timeout=TIMEOUT)
    remote.wait_for(key).get(timeout=TIMEOUT)
    stored = list(remote.list_events(topic="workflow:*", page=PageRequest(2)).all())

    assert reached == [key]
    assert stored[-1].type == "workflow.completed"
    assert [each.seq for each in stored] == sorted(each.seq for each in stored)
    assert list(remote.list_events(stored[-1].seq).all()) == []


def test_the_server_tells_of_itself(remote: Client, site: Site) -> None:
    workflows = list(remote.list_workflows(PageRequest(2)).all())

    assert {each.id for each in workflows} == {"echo", "gated", "talks", "asks", "fails"}
    assert remote.get_workflow("echo").get(timeout=TIMEOUT).params[0].name == "text"
    assert remote.health().get(timeout=TIMEOUT).status == "ok"
    assert remote.readiness().get(timeout=TIMEOUT).status == "ready"
    assert "ticker" in {each.name for each in remote.actors().get(timeout=TIMEOUT)}
    assert len(remote.nodes().get(timeout=TIMEOUT)) == 1
    site.run(site.runtime.drain(0))
    assert remote.readiness().get(timeout=TIMEOUT).reasons == ["stopped"]


def test_schedules_are_exported_and_imported(remote: Client) -> None:
    key = remote.create_scheduled_workflow(FULL).get(timeout=TIMEOUT)

    forms = remote.export_schedules().get(timeout=TIMEOUT)
    lines = list(remote.export_lines(ScheduleFilter(text="Nightly")))
    rehearsed = remote.import_schedules([{**forms[0], "name": "B"}], dry_run=True).get(
        timeout=TIMEOUT
    )
    report = remote.import_schedules([{**forms[0], "name": "B"}, {"id": "a"}]).get(timeout=TIMEOUT)

    assert [form["id"] for form in forms] == [key]
    assert len(lines) == 1
    assert (rehearsed.updated, report.updated) == (1, 1)
    assert [wrong.line for wrong in report.errors] == [2]


def test_lines_of_an_export_can_be_left_before_their_end(remote: Client) -> None:
    forms = [
        {**MANUAL, "id": f"s{number}", "metadata": {"x": "y" * 9_000}} for number in range(100)
    ]
    remote.import_schedules(forms).get(timeout=TIMEOUT)

    for line in remote.export_lines():
        assert b'"s0"' in line
        break

    assert len(list(remote.export_lines())) == 100


def test_names_with_any_sign_reach_the_server(remote: Client) -> None:
    with pytest.raises(NotFound, match="a/b c%2f"):
        remote.get_workflow("a/b c%2f?#é").get(timeout=TIMEOUT)


def test_a_wait_can_be_limited(remote: Client, gate: Gate) -> None:
    key = remote.run("gated").get(timeout=TIMEOUT)

    with pytest.raises(pykka.Timeout):
        remote.wait_for(key).get(timeout=0.05)

    gate.open()


def test_a_closed_client_says_so_and_leaves_no_thread(site: Site, gate: Gate) -> None:
    before = set(threading.enumerate())
    client = Client(site.client.url)
    key = client.run("gated").get(timeout=TIMEOUT)
    waiting, stream = client.wait_for(key), client.events()
    stream.opened.get(timeout=TIMEOUT)

    client.close().get(timeout=TIMEOUT)

    with pytest.raises(ClientClosed):
        waiting.get(timeout=TIMEOUT)
    with pytest.raises(ClientClosed):
        client.health().get(timeout=TIMEOUT)
    assert list(stream) == []
    with pytest.raises(ClientClosed):
        client.events().next(TIMEOUT)
    client.close().get(timeout=TIMEOUT)
    eventually(lambda: not set(threading.enumerate()) - before - set(site_threads()))
    gate.open()


def site_threads() -> list[threading.Thread]:
    """Those of the server and its steps, in this process."""
    ours = ("quarterjack-loop", "quarterjack-client-close", "quarterjack-callbacks")
    return [each for each in threading.enumerate() if not each.name.startswith(ours)]


def test_webhooks_are_kept(remote: Client) -> None:
    draft = {"url": "http://127.0.0.1:9/x", "topics": ["workflow:failed"], "enabled": False}
    made = remote.create_webhook(draft).get(timeout=TIMEOUT)
    changed = remote.update_webhook(made.id, {"description": "x"}).get(timeout=TIMEOUT)
    listed = list(remote.list_webhooks().all())
    deliveries = remote.list_webhook_deliveries(made.id).get(timeout=TIMEOUT)
    remote.delete_webhook(made.id).get(timeout=TIMEOUT)

    assert (changed.description, changed.secret) == ("x", "***")
    assert [each.id for each in listed] == [made.id]
    assert deliveries.items == []
    with pytest.raises(NotFound):
        remote.get_webhook(made.id).get(timeout=TIMEOUT)
    with pytest.raises(NotFound):
        remote.test_webhook(made.id).get(timeout=TIMEOUT)
    with pytest.raises(NotFound):
        remote.retry_webhook_delivery(made.id, 1).get(timeout=TIMEOUT)


def test_tokens_are_made_used_and_revoked(site: Site, remote: Client) -> None:
    made = remote.create_token("ci", "admin", expires_in=timedelta(days=1)).get(timeout=TIMEOUT)
    with pytest.raises(Unauthorized):
        remote.list_tokens().get(timeout=TIMEOUT)

    with Client(site.client.url, token=made.token) as client:
        viewer = client.create_token("eye", "viewer", workflows=["echo"]).get(timeout=TIMEOUT)
        listed = list(client.list_tokens().all())
        key = client.run("echo").get(timeout=TIMEOUT)
        ended = client.wait_for(key).get(timeout=TIMEOUT)
        audit = client.list_audit(AuditFilter(action="runWorkflow")).get(timeout=TIMEOUT).items
        with Client(site.client.url, token=viewer.token) as eye, pytest.raises(Forbidden):
            eye.run("echo").get(timeout=TIMEOUT)
        client.revoke_token(viewer.id).get(timeout=TIMEOUT)
        with Client(site.client.url, token=viewer.token) as eye, pytest.raises(Unauthorized):
            eye.get_execution(key).get(timeout=TIMEOUT)

    assert [each.id for each in listed] == [made.id, viewer.id]
    assert ended.status is ExecutionStatus.SUCCEEDED
    assert [entry.execution_id for entry in audit] == [key]


def test_statistics_are_read(remote: Client) -> None:
    key = remote.create_scheduled_workflow(MANUAL).get(timeout=TIMEOUT)
    execution_id = remote.trigger_scheduled_execution(key).get(timeout=TIMEOUT)
    remote.wait_for(execution_id).get(timeout=TIMEOUT)
    by_day = StatisticsFilter(Interval.DAY, schedule_id=key)

    (day,) = remote.get_schedule_days(key).get(timeout=TIMEOUT)
    (bucket,) = remote.get_statistics(by_day).get(timeout=TIMEOUT)
    found = remote.get_workflow_statistics("echo", 7).get(timeout=TIMEOUT)

    assert (day.succeeded, bucket.succeeded, found.succeeded, found.success_rate) == (1, 1, 1, 1.0)
    assert bucket.start.date() == day.day
    only = DaysFilter(day.day, day.day)
    assert remote.get_schedule_days(key, only).get(timeout=TIMEOUT) == [day]
    with pytest.raises(InvalidInput):
        remote.get_statistics(StatisticsFilter(schedule_id=key)).get(timeout=TIMEOUT)
    with pytest.raises(NotFound):
        remote.get_workflow_statistics("nope").get(timeout=TIMEOUT)
