"""What a command says when the server refuses, is not there, or is somebody else: one line, exit code 1."""

import json
import socket
import threading
from collections.abc import Iterator

import click
import pytest
from aiohttp import web
from rest_client import RestClient
from web_server import WebServer

from quarterjack.http.cli import connection as module
from quarterjack.http.cli.connection import ClientError, Connection, Refused, schedule_path

PROBLEM = {"title": "No", "detail": "scheduleConfig.cron:\n Bad minute", "status": 422}


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as started:
        yield started


def test_a_server_s_answers_come_through(rest: RestClient) -> None:
    connection = Connection(rest.url + "/")
    form = {"id": "a", "workflowId": "echo", "name": "A", "scheduleConfig": {"manual": True}}

    done = connection.post_lines("/api/schedules/import", json.dumps(form).encode())
    lines = list(connection.lines("/api/schedules/export"))
    connection.delete(schedule_path("a"), {"If-Match": '"1"'})

    assert done["created"] == 1
    assert [json.loads(line)["id"] for line in lines] == ["a"]
    assert connection.get("/api/schedules", q="A") == {"items": [], "nextCursor": None}


def test_a_token_is_sent_and_the_address_may_have_a_path(server: WebServer) -> None:
    server.answer("/quarterjack/api/x", text="[1]")

    assert Connection(f"{server.url}/quarterjack/", "secret").get("/api/x", q="a b") == [1]

    assert server.asked[0].headers["authorization"] == "Bearer secret"
    assert server.asked[0].path == "/quarterjack/api/x?q=a+b"


def test_a_refusal_is_one_line_with_the_fields(server: WebServer) -> None:
    server.answer("/api/x", status=422, text=json.dumps(PROBLEM))

    with pytest.raises(Refused) as refused:
        Connection(server.url).get("/api/x")

    assert refused.value.status == 422
    assert refused.value.message == "No: scheduleConfig.cron: Bad minute"
    assert refused.value.exit_code == 1


def test_who_needs_a_token_is_told_how_to_give_it(server: WebServer) -> None:
    server.answer("/api/x", status=401, text=json.dumps(PROBLEM))

    with pytest.raises(Refused, match="QUARTERJACK_TOKEN"):
        Connection(server.url).get("/api/x")


@pytest.mark.parametrize(("status", "text"), [(404, "<html>"), (500, "[]"), (200, "hello")])
def test_another_kind_of_server_is_noticed(server: WebServer, status: int, text: str) -> None:
    server.answer("/api/x", status=status, text=text)

    with pytest.raises(ClientError, match=f"status {status}, but not as a Quarterjack server"):
        Connection(server.url).get("/api/x")


def test_where_nobody_listens_it_is_said_how_to_start_a_server(nobody: str) -> None:
    with pytest.raises(ClientError, match=r"no server at http://127.*`quarterjack serve`"):
        Connection(nobody).get("/api/x")


def test_a_name_that_nobody_knows_is_told() -> None:
    with pytest.raises(ClientError, match=r"nowhere\.invalid:1: .*see --url"):
        Connection("http://nowhere.invalid:1").get("/api/x")


def test_a_server_that_says_nothing_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"

        with pytest.raises(ClientError, match=r"did not answer within 0\.1 seconds"):
            Connection(url).get("/api/x")


def test_lines_that_break_off_are_an_error(server: WebServer) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"1\n2\n")
        assert request.transport is not None
        request.transport.abort()
        return response

    server.handlers["/api/lines"] = break_off
    lines = Connection(server.url).lines("/api/lines")

    with pytest.raises(ClientError, match="the connection to http://127"):
        list(lines)


def test_fewer_lines_than_were_promised_are_an_error() -> None:
    promised = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n1\n2\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        lines = Connection(f"http://127.0.0.1:{listener.getsockname()[1]}").lines("/api/lines")
        answering = threading.Thread(target=_answer_once, args=[listener, promised])
        answering.start()

        with pytest.raises(ClientError, match="96 more expected"):
            list(lines)

        answering.join()


def test_more_than_a_server_takes_is_not_sent(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST", 10)

    with pytest.raises(ClientError, match="in parts"):
        Connection(server.url).post_lines("/api/x", b"x" * 11)

    assert server.asked == []


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8321", "ftp://x", "http://", "http://x:99999", "http://x/?a=1", "http://[x"]
)
def test_what_is_no_address_is_a_wrong_option(url: str) -> None:
    with pytest.raises(click.UsageError, match="--url"):
        Connection(url)


def test_a_message_does_not_give_orders_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    ClientError("one\x1b[31m\ntwo").show()

    assert capsys.readouterr().err == "quarterjack: one\\x1b[31m\ntwo\n"


def _answer_once(listener: socket.socket, answer: bytes) -> None:
    peer, _ = listener.accept()
    with peer:
        peer.recv(65_536)
        peer.sendall(answer)
