"""Chat notice: each failure is a message in the chat, and the chat's address stays where it is."""

from collections.abc import Iterator
from json import loads
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from waiting import eventually
from web_server import WebServer

from quarterjack.examples.chat_notice import chat_notice, text_of
from quarterjack.runtime import Runtime, Workflow

SECRET_PATH = "/hooks/T0k3n"


@pytest.fixture
def chat() -> Iterator[WebServer]:
    with WebServer() as server:
        server.answer(SECRET_PATH, 200, "ok")
        yield server


@pytest.fixture
def address_file(chat: WebServer, tmp_path: Path) -> Path:
    file = tmp_path / "chat-address.txt"
    file.write_text(f"{chat.url}{SECRET_PATH}\n")
    return file


@pytest.fixture
def runtime(address_file: Path) -> Iterator[Runtime]:
    """With a workflow that fails, and the schedule of the example's text."""
    backup = Workflow("backup")

    @backup.step
    def copy(error: str) -> None:
        raise OSError(error)

    with Runtime(workflows=[backup, chat_notice]) as started:
        draft = {
            "workflowId": "chat-notice",
            "name": "Failures to the chat",
            "scheduleConfig": {"event": "workflow.failed:*", "overlap": "allow"},
            "executionConfig": {"params": {"address_file": str(address_file)}},
        }
        started.create_scheduled_workflow(draft, schedule_id="sch_chat").get(timeout=10)
        yield started


def texts(chat: WebServer) -> list[str]:
    return [loads(asked.body)["text"] for asked in chat.asked]


def notices(runtime: Runtime) -> list[Any]:
    return [
        each
        for each in runtime.list_executions().get(timeout=10).items
        if each.workflow_id == "chat-notice" and each.ended_at
    ]


def test_a_failure_is_told_in_the_chat(runtime: Runtime, chat: WebServer) -> None:
    execution_id = runtime.run("backup", params={"error": "disk full"}).get(timeout=10)
    (notice,) = eventually(lambda: notices(runtime))

    assert texts(chat) == [f"backup failed: OSError: disk full ({execution_id})"]
    assert (notice.status, notice.result) == ("succeeded", 200)


def test_a_chat_that_is_busy_is_asked_again(runtime: Runtime, chat: WebServer) -> None:
    async def busy_once(_: web.Request) -> web.Response:
        return web.Response(status=503 if len(chat.asked) == 1 else 200)

    chat.handlers[SECRET_PATH] = busy_once
    runtime.run("backup", params={"error": "disk full"}).get(timeout=10)
    (notice,) = eventually(lambda: notices(runtime))

    assert notice.status == "succeeded"
    assert len(chat.asked) == 2


def test_a_chat_that_refuses_ends_it_and_tells_no_address(
    runtime: Runtime, chat: WebServer
) -> None:
    chat.answer(SECRET_PATH, 404)
    runtime.run("backup", params={"error": "disk full"}).get(timeout=10)
    (notice,) = eventually(lambda: notices(runtime))
    whole = runtime.get_execution(notice.id).get(timeout=10)

    assert len(chat.asked) == 1
    assert notice.error.type == "ChatRefused"
    assert "T0k3n" not in repr(whole)


def test_a_notice_that_fails_is_not_told_without_end(runtime: Runtime, chat: WebServer) -> None:
    chat.answer(SECRET_PATH, 404)
    runtime.run("backup", params={"error": "disk full"}).get(timeout=10)
    eventually(lambda: notices(runtime))
    skipped = eventually(
        lambda: [
            event for event in runtime.events(0).get(timeout=10) if event.type == "schedule.skipped"
        ]
    )

    assert skipped[0].data["reason"] == "loop"
    assert len(chat.asked) == 1


def test_an_error_without_words_is_told_by_its_class() -> None:
    payload = {"workflowId": "w", "status": "failed", "executionId": "exe_1"}

    assert text_of({**payload, "error": {"type": "OSError", "message": ""}}) == (
        "w failed: OSError (exe_1)"
    )
    assert text_of({**payload, "error": None}) == "w failed: no error (exe_1)"
