"""Webhooks on a virtual clock: each event that one wants is sent until it is taken, or given up."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from quarterjack.actors.sender import Answer, OutgoingMessage
from quarterjack.runtime import InvalidInput, NotFound, Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.storage import IllegalTransition
from quarterjack.storage.queries import PageRequest
from quarterjack.storage.webhook_changes import KEPT, MOST_WEBHOOKS
from quarterjack.storage.webhook_records import DeliveryStatus, WebhookDelivery

URL = "https://hooks.example.org/in"


def hook(runtime: VirtualRuntime, *topics: str, **more: Any) -> str:
    draft = {"url": URL, "topics": list(topics) or ["workflow:failed"], **more}
    return runtime.create_webhook(draft).get().webhook.id


def run(runtime: VirtualRuntime, workflow: str) -> str:
    """Run a workflow to its end, and let everything that follows happen."""
    execution_id = runtime.run(workflow).get()
    runtime.wait_for(execution_id).get()
    runtime.settle()
    return execution_id


def got(runtime: VirtualRuntime) -> list[str]:
    return [message.body["type"] for message in runtime.receiver.got]


def deliveries(runtime: VirtualRuntime, key: str) -> list[WebhookDelivery]:
    return runtime.list_webhook_deliveries(key, page=PageRequest(500)).get().items


def states(runtime: VirtualRuntime, key: str) -> list[str]:
    return [each.status.value for each in deliveries(runtime, key)]


def fail(_: OutgoingMessage) -> Answer:
    return Answer(500, "answered 500")


def test_a_failed_workflow_is_told_with_the_event_as_it_is_stored(runtime: VirtualRuntime) -> None:
    key = hook(runtime)

    execution_id = run(runtime, "broken")

    (message,) = runtime.receiver.got
    (delivery,) = deliveries(runtime, key)
    (event,) = [each for each in runtime.events(0).get() if each.type == "workflow.failed"]
    assert message.url == URL
    assert message.message_id == f"msg_{key.removeprefix('whk_')}_{event.seq}"
    assert message.body["executionId"] == execution_id
    assert message.body["seq"] == event.seq
    assert message.body["data"] == event.data
    assert delivery.status is DeliveryStatus.DELIVERED
    assert (delivery.seq, delivery.attempts, delivery.last_status) == (event.seq, 1, 204)
    assert delivery.next_attempt_at is None


@pytest.mark.parametrize(
    ("topics", "types"),
    [
        (["workflow:failed"], {"workflow.failed"}),
        (["workflow:failed", "workflow:completed"], {"workflow.failed", "workflow.completed"}),
        (["schedule:*"], {"schedule.created", "schedule.triggered", "schedule.failed"}),
        (["*"], None),
        (["execution:*"], None),
    ],
    ids=["one", "two", "a family", "all", "of executions"],
)
def test_a_webhook_is_told_of_its_topics(
    runtime: VirtualRuntime, topics: list[str], types: set[str] | None
) -> None:
    hook(runtime, *topics)
    draft = {"workflowId": "broken", "name": "b", "scheduleConfig": {"manual": True}}
    schedule_id = runtime.create_scheduled_workflow(draft).get()
    runtime.wait_for(runtime.trigger_scheduled_execution(schedule_id).get()).get()
    run(runtime, "report")

    stored = runtime.events(0).get()
    expected = {each.seq for each in stored if types is None or each.type in types}
    if topics == ["execution:*"]:
        expected = {each.seq for each in stored if each.execution_id}
    assert {message.body["seq"] for message in runtime.receiver.got} == expected
    assert len(runtime.receiver.got) == len(expected) > 0


def test_a_webhook_is_told_of_its_workflows_and_schedule_only(runtime: VirtualRuntime) -> None:
    of_slow = hook(runtime, "workflow:*", workflowIds=["slow"])
    draft = {"workflowId": "broken", "name": "b", "scheduleConfig": {"manual": True}}
    schedule_id = runtime.create_scheduled_workflow(draft).get()
    of_schedule = hook(runtime, "workflow:failed", scheduleId=schedule_id)

    run(runtime, "broken")
    assert runtime.receiver.got == []

    runtime.wait_for(runtime.trigger_scheduled_execution(schedule_id).get()).get()
    runtime.settle()
    assert states(runtime, of_schedule) == ["delivered"]
    assert states(runtime, of_slow) == []


def test_what_happened_before_a_webhook_was_made_is_not_told(runtime: VirtualRuntime) -> None:
    run(runtime, "broken")
    hook(runtime, "*")
    runtime.settle()
    assert runtime.receiver.got == []


def test_a_message_is_sent_again_for_about_a_day_and_then_given_up(
    runtime: VirtualRuntime,
) -> None:
    runtime.receiver.answer = fail
    key = hook(runtime)
    run(runtime, "broken")
    (first,) = deliveries(runtime, key)

    runtime.advance("2 days")

    times = [message.at for message in runtime.receiver.got]
    waits = [late - early for early, late in pairwise(times)]
    (last,) = deliveries(runtime, key)
    assert (first.status, first.attempts) == (DeliveryStatus.FAILED, 1)
    assert (last.status, last.attempts) == (DeliveryStatus.GIVEN_UP, 10)
    assert last.last_error == "answered 500"
    assert timedelta(seconds=4) <= waits[0] <= timedelta(seconds=5)
    assert waits == sorted(waits) or waits[-2] <= timedelta(hours=8)
    assert timedelta(hours=18) < times[-1] - times[0] < timedelta(hours=24)
    assert {message.message_id for message in runtime.receiver.got} == {first.message_id}
    assert [message.body for message in runtime.receiver.got] == [runtime.receiver.got[0].body] * 10


def test_a_receiver_that_comes_back_gets_what_it_missed(runtime: VirtualRuntime) -> None:
    runtime.receiver.answer = fail
    key = hook(runtime)
    for _ in range(5):
        run(runtime, "broken")
    runtime.receiver.answer = lambda _: Answer(200)
    runtime.advance("1 minute")

    assert states(runtime, key) == ["delivered"] * 5


def test_a_receiver_that_is_gone_is_left_alone(runtime: VirtualRuntime) -> None:
    key = hook(runtime)
    runtime.receiver.answer = lambda _: Answer(410, "answered 410")
    run(runtime, "broken")
    run(runtime, "broken")
    runtime.advance("2 days")

    found = runtime.get_webhook(key).get().webhook
    assert not found.enabled
    assert "410" in found.disabled_reason
    assert len(runtime.receiver.got) == 1
    assert states(runtime, key) == ["givenUp"]


def test_a_webhook_that_is_switched_on_again_is_told_of_what_happens_then(
    runtime: VirtualRuntime,
) -> None:
    key = hook(runtime, enabled=False)
    run(runtime, "broken")
    runtime.update_webhook(key, {"enabled": True}).get()
    execution_id = run(runtime, "broken")

    assert [message.body["executionId"] for message in runtime.receiver.got] == [execution_id]
    assert runtime.get_webhook(key).get().webhook.disabled_reason == ""


def test_nothing_is_sent_before_the_time_that_a_busy_receiver_says(
    runtime: VirtualRuntime,
) -> None:
    key = hook(runtime)
    runtime.receiver.answer = lambda _: Answer(429, "answered 429", "600")
    run(runtime, "broken")
    run(runtime, "broken")
    began = runtime.now()
    runtime.receiver.answer = lambda _: Answer(204)
    runtime.advance("9 minutes")
    assert len(runtime.receiver.got) == 1

    runtime.advance("2 minutes")
    assert states(runtime, key) == ["delivered"] * 2
    assert runtime.receiver.got[1].at - began >= timedelta(minutes=9, seconds=59)


def test_a_dead_receiver_holds_up_nobody_else(runtime: VirtualRuntime) -> None:
    dead = hook(runtime, url="https://dead.example.org")
    well = hook(runtime, url="https://well.example.org")
    runtime.receiver.answer = lambda message: (
        Answer(None, "no answer") if "dead" in message.url else Answer(200)
    )
    for _ in range(10):
        run(runtime, "broken")

    assert states(runtime, well) == ["delivered"] * 10
    assert states(runtime, dead) == ["failed"] * 10


def test_a_test_is_sent_to_one_webhook_and_is_no_event(runtime: VirtualRuntime) -> None:
    key = hook(runtime)
    hook(runtime, "*", url="https://other.example.org")
    for _ in range(2):
        runtime.test_webhook(key).get()
    runtime.settle()

    assert [message.url for message in runtime.receiver.got] == [URL] * 2
    assert [message.body["type"] for message in runtime.receiver.got] == ["webhook.test"] * 2
    assert sorted(each.seq for each in deliveries(runtime, key)) == [-2, -1]
    assert runtime.events(0).get() == []


def test_a_delivery_that_was_given_up_can_be_tried_again(runtime: VirtualRuntime) -> None:
    runtime.receiver.answer = fail
    key = hook(runtime)
    run(runtime, "broken")
    runtime.advance("2 days")
    runtime.receiver.answer = lambda _: Answer(200)
    (given_up,) = deliveries(runtime, key)

    runtime.retry_webhook_delivery(key, given_up.seq).get()
    runtime.settle()

    (again,) = deliveries(runtime, key)
    assert (again.status, again.attempts) == (DeliveryStatus.DELIVERED, 1)
    assert {each.message_id for each in runtime.receiver.got} == {given_up.message_id}


@pytest.mark.parametrize("who", ["webhooks", "broadcaster", "state"])
@pytest.mark.parametrize("turns", [1, 5, 20, 60])
def test_a_crash_in_the_middle_loses_nothing_and_keeps_the_message_id(
    runtime: VirtualRuntime, who: str, turns: int
) -> None:
    key = hook(runtime)
    made = [runtime.run("broken").get() for _ in range(8)]
    runtime.settle(turns)
    runtime.crash(who)
    runtime.advance("10 minutes")

    sent = Counter(message.message_id for message in runtime.receiver.got)
    told = {message.body["executionId"] for message in runtime.receiver.got}
    assert told == set(made)
    assert len(sent) == 8
    assert states(runtime, key) == ["delivered"] * 8


def test_a_webhook_that_is_deleted_is_told_nothing_more(runtime: VirtualRuntime) -> None:
    runtime.receiver.answer = fail
    key = hook(runtime)
    run(runtime, "broken")
    runtime.delete_webhook(key).get()
    run(runtime, "broken")
    runtime.advance("2 days")

    assert len(runtime.receiver.got) == 1
    with pytest.raises(NotFound):
        runtime.get_webhook(key).get()
    with pytest.raises(NotFound):
        runtime.list_webhook_deliveries(key).get()


def test_changed_topics_count_from_the_answer_on(runtime: VirtualRuntime) -> None:
    key = hook(runtime, "workflow:failed")
    runtime.update_webhook(key, {"topics": ["workflow:completed"]}).get()
    run(runtime, "broken")
    run(runtime, "report")

    assert got(runtime) == ["workflow.completed"]


def test_two_runs_with_the_same_seed_send_the_same(report: Workflow, broken: Workflow) -> None:
    def play() -> list[tuple[str, Any]]:
        with VirtualRuntime(workflows=[report, broken], seed=7) as runtime:
            runtime.receiver.answer = lambda message: Answer(
                200 if message.at.second % 2 else 500, None
            )
            hook(runtime, "*")
            run(runtime, "report")
            run(runtime, "broken")
            runtime.advance("1 day")
            return [(each.message_id, each.at) for each in runtime.receiver.got]

    assert play() == play()


def test_the_newest_ended_deliveries_are_kept(runtime: VirtualRuntime) -> None:
    key = hook(runtime)
    for _ in range(KEPT + 30):
        runtime.test_webhook(key).get()
        runtime.advance("1 ms")
    runtime.settle()

    counts = runtime.get_webhook(key).get().counts
    assert len(runtime.receiver.got) == KEPT + 30
    assert KEPT <= counts.delivered <= KEPT + 1
    newest = runtime.list_webhook_deliveries(key).get().items[0]
    assert newest.seq == -(KEPT + 30)


def test_deliveries_are_paged_newest_first(runtime: VirtualRuntime) -> None:
    key = hook(runtime)
    for _ in range(7):
        runtime.test_webhook(key).get()
    seqs, page = [], PageRequest(3)
    while True:
        found = runtime.list_webhook_deliveries(key, DeliveryStatus.DELIVERED, page).get()
        seqs += [each.seq for each in found.items]
        if found.next is None:
            break
        page = PageRequest(3, found.next)

    assert sorted(seqs) == list(range(-7, 0))
    assert runtime.list_webhook_deliveries(key, DeliveryStatus.GIVEN_UP).get().items == []


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"url": "ftp://example.org"}, "url", "write http"),
        ({"url": "https://ann:pw@example.org/"}, "url", "leave out user and password"),
        ({"url": "https://example.org/#a"}, "url", "after #"),
        ({"topics": []}, "topics", "at least 1"),
        ({"topics": ["workflow:exploded"]}, "topics", "no topic 'workflow:exploded'"),
        ({"secret": "whsec_c2hvcnQ="}, "secret", "24 to 64 bytes"),
        ({"secret": "whsec_?"}, "secret", "no base64"),
        ({"secret": {"env": "A B"}}, "secret", "NAME"),
        ({"secret": {"vault": "x"}}, "secret", "PATH"),
        ({"colour": "red"}, "colour", "no field"),
    ],
)
def test_a_webhook_that_makes_no_sense_is_refused(
    runtime: VirtualRuntime, change: dict[str, Any], field: str, said: str
) -> None:
    draft = {"url": URL, "topics": ["*"]}
    key = runtime.create_webhook(draft).get().webhook.id
    for asked in (
        runtime.create_webhook({**draft, **change}),
        runtime.update_webhook(key, change),
    ):
        with pytest.raises(InvalidInput, match=said) as refused:
            asked.get()
        assert refused.value.errors[0].loc[0] == field


def test_a_secret_is_given_once_and_is_in_no_text(runtime: VirtualRuntime) -> None:
    made = runtime.create_webhook({"url": URL, "topics": ["*"]}).get()
    assert made.secret is not None
    found = runtime.get_webhook(made.webhook.id).get()
    replaced = runtime.update_webhook(made.webhook.id, {"secret": None}).get()

    assert made.secret.startswith("whsec_")
    assert made.secret not in repr((made.webhook, found))
    assert found.webhook.secret.value == made.secret
    assert replaced.secret not in (None, made.secret)
    assert runtime.update_webhook(made.webhook.id, {"description": "x"}).get().secret is None


def test_what_a_disabled_or_missing_webhook_is_asked_is_refused(runtime: VirtualRuntime) -> None:
    key = hook(runtime, enabled=False)
    with pytest.raises(IllegalTransition):
        runtime.test_webhook(key).get()
    with pytest.raises(NotFound):
        runtime.test_webhook("whk_0").get()
    with pytest.raises(NotFound):
        runtime.update_webhook("whk_0", {}).get()
    with pytest.raises(NotFound):
        runtime.delete_webhook("whk_0").get()
    runtime.update_webhook(key, {"enabled": True}).get()
    with pytest.raises(NotFound):
        runtime.retry_webhook_delivery(key, 7).get()


def test_there_are_no_more_than_a_hundred(runtime: VirtualRuntime) -> None:
    for _ in range(MOST_WEBHOOKS):
        hook(runtime)
    with pytest.raises(InvalidInput, match="100 webhooks"):
        hook(runtime)


@pytest.fixture
def database(tmp_path: Any) -> Iterator[str]:
    yield f"sqlite:///{tmp_path / 'q.db'}"


def test_a_restart_goes_on_where_it_was(database: str, broken: Workflow) -> None:
    with VirtualRuntime(database, workflows=[broken]) as runtime:
        runtime.receiver.answer = fail
        key = hook(runtime)
        made = [run(runtime, "broken") for _ in range(3)]
        clock, before = runtime.clock, {each.message_id for each in runtime.receiver.got}
    with VirtualRuntime(database, workflows=[broken], clock=clock) as runtime:
        runtime.advance("1 minute")

        assert {each.message_id for each in runtime.receiver.got} == before
        assert {each.body["executionId"] for each in runtime.receiver.got} == set(made)
        assert states(runtime, key) == ["delivered"] * 3
