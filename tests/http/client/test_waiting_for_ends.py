"""`wait_for`: by events, not by asking again and again; and callbacks."""

import threading

import pytest
from gate import Gate
from site_server import Site
from tcp_proxy import TcpProxy
from waiting import eventually
from web_server import WebServer

from quarterjack.http import Client, NotAQuarterjackServer
from quarterjack.http.shapes.events import Event
from quarterjack.runtime import ExecutionStatus, InvalidInput, NotFound

TIMEOUT = 20


def test_more_ends_can_be_waited_for_than_there_can_be_subscriptions(
    remote: Client, gate: Gate
) -> None:
    keys = [remote.run("gated").get(timeout=TIMEOUT) for _ in range(150)]
    replies = [remote.wait_for(key) for key in keys]
    eventually(lambda: _subscriptions(remote) == 4)

    gate.open()
    ended = [reply.get(timeout=TIMEOUT) for reply in replies]

    assert [each.id for each in ended] == keys
    assert {each.status for each in ended} == {ExecutionStatus.SUCCEEDED}
    eventually(lambda: _subscriptions(remote) == 0)


@pytest.mark.parametrize("workflow", ["echo", "fails"])
def test_what_has_ended_is_there_at_once(remote: Client, site: Site, workflow: str) -> None:
    key = site.client.run(workflow)
    status = site.client.ended(key)["status"]

    assert remote.wait_for(key).get(timeout=TIMEOUT).status == status


def test_several_can_wait_for_the_same_end(remote: Client, gate: Gate) -> None:
    key = remote.run("gated").get(timeout=TIMEOUT)
    replies = [remote.wait_for(key) for _ in range(3)]

    gate.open()

    assert {reply.get(timeout=TIMEOUT).id for reply in replies} == {key}


def test_an_end_while_the_connection_is_lost_is_noticed(
    shaky: Client, proxy: TcpProxy, gate: Gate
) -> None:
    key = shaky.run("gated").get(timeout=TIMEOUT)
    reply = shaky.wait_for(key)
    eventually(lambda: _subscriptions(shaky) == 4)

    proxy.cut()
    gate.open()

    assert reply.get(timeout=TIMEOUT).status is ExecutionStatus.SUCCEEDED


def test_nobody_waits_for_what_is_not_there(remote: Client) -> None:
    with pytest.raises(NotFound):
        remote.wait_for("exe_nope").get(timeout=TIMEOUT)


def test_another_kind_of_server_has_no_ends() -> None:
    with (
        WebServer() as server,
        Client(server.url) as client,
        pytest.raises(NotAQuarterjackServer),
    ):
        client.wait_for("exe_1").get(timeout=TIMEOUT)


def test_callbacks_are_called_in_order_on_one_thread(remote: Client) -> None:
    told: list[tuple[str, int]] = []

    def note(event: Event) -> None:
        told.append((threading.current_thread().name, event.seq))
        raise ValueError("a callback's own business")

    subscription = remote.subscribe("workflow:*", note).get(timeout=TIMEOUT)
    remote.wait_for(remote.run("echo").get(timeout=TIMEOUT)).get(timeout=TIMEOUT)
    eventually(lambda: len(told) == 6)
    ended = remote.unsubscribe(subscription).get(timeout=TIMEOUT)
    remote.wait_for(remote.run("echo").get(timeout=TIMEOUT)).get(timeout=TIMEOUT)

    assert ended
    assert not remote.unsubscribe(subscription).get(timeout=TIMEOUT)
    assert [seq for _, seq in told] == sorted(seq for _, seq in told)
    assert len({thread for thread, _ in told}) == 1
    assert len(told) == 6


def test_triggers_and_completions_have_callbacks_of_their_own(remote: Client) -> None:
    triggered: list[Event] = []
    completed: list[Event] = []
    remote.on_schedule_triggered(triggered.append).get(timeout=TIMEOUT)
    remote.on_workflow_completed(completed.append).get(timeout=TIMEOUT)
    schedule = remote.create_scheduled_workflow(
        {"workflowId": "echo", "name": "A", "scheduleConfig": {"manual": True}}
    ).get(timeout=TIMEOUT)

    key = remote.trigger_scheduled_execution(schedule).get(timeout=TIMEOUT)

    eventually(lambda: triggered and completed)
    assert [event.execution_id for event in triggered + completed] == [key, key]


def test_a_callback_may_ask_the_server(remote: Client) -> None:
    found: list[str] = []

    def ask(event: Event) -> None:
        assert event.execution_id is not None
        found.append(remote.get_execution(event.execution_id).get(timeout=TIMEOUT).status)

    remote.on_workflow_completed(ask).get(timeout=TIMEOUT)
    remote.run("echo").get(timeout=TIMEOUT)

    eventually(lambda: found == ["succeeded"])


def test_a_callback_for_an_unknown_topic_is_wrong_input(remote: Client) -> None:
    with pytest.raises(InvalidInput):
        remote.subscribe("nothing:*", print).get(timeout=TIMEOUT)


def _subscriptions(client: Client) -> int:
    session = None if client._thread is None else client._thread._session
    return 0 if session is None else len(session.feed._known)
