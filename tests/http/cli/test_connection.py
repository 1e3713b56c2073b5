"""What a command says when the server refuses, is not there, or is somebody else: one line, exit code 1."""

import json
import socket

import click
import pytest
from rest_client import RestClient
from web_server import WebServer

from quarterjack.http.cli.connection import client_of, told
from quarterjack.http.cli.failure import ClientError

PROBLEM = {"title": "No", "detail": "scheduleConfig.cron:\n Bad minute", "status": 422}
READ = "/api/workflows/x"


def read(url: str, token: str | None = None) -> None:
    """Ask for a workflow, as a command does."""
    with client_of(url, token) as client, told():
        client.get_workflow("x").get(timeout=20)


def test_a_slash_at_the_end_of_the_address_does_no_harm(rest: RestClient) -> None:
    with client_of(rest.url + "/", None) as client, told():
        assert client.get_workflow("echo").get(timeout=20).id == "echo"


def test_a_token_is_sent_and_the_address_may_have_a_path() -> None:
    with WebServer() as server:
        server.answer("/quarterjack" + READ, status=404, text=json.dumps(PROBLEM))

        with pytest.raises(ClientError):
            read(f"{server.url}/quarterjack/", "secret")

        assert server.asked[0].headers["authorization"] == "Bearer secret"
        assert server.asked[0].path == "/quarterjack" + READ


def test_a_refusal_is_one_line_with_the_fields() -> None:
    with WebServer() as server:
        server.answer(READ, status=422, text=json.dumps(PROBLEM))

        with pytest.raises(ClientError) as refused:
            read(server.url)

    assert refused.value.message == "No: scheduleConfig.cron: Bad minute"
    assert refused.value.exit_code == 1


def test_who_needs_a_token_is_told_how_to_give_it() -> None:
    with WebServer() as server:
        server.answer(READ, status=401, text=json.dumps(PROBLEM))

        with pytest.raises(ClientError, match="QUARTERJACK_TOKEN"):
            read(server.url)


@pytest.mark.parametrize(("status", "text"), [(404, "<html>"), (500, "[]"), (200, "hello")])
def test_another_kind_of_server_is_noticed(status: int, text: str) -> None:
    with WebServer() as server:
        server.answer(READ, status=status, text=text)

        with pytest.raises(
            ClientError, match=f"status {status}, but not as a Quarterjack server .*; see --url"
        ):
            read(server.url)


def test_where_nobody_listens_it_is_said_how_to_start_a_server(nobody: str) -> None:
    with pytest.raises(ClientError, match=r"no server at http://127.*`quarterjack serve`"):
        read(nobody)


def test_a_name_that_nobody_knows_is_told() -> None:
    with pytest.raises(ClientError, match=r"nowhere\.invalid:1: .*see --url"):
        read("http://nowhere.invalid:1")


def test_a_command_tries_once(nobody: str) -> None:
    with WebServer() as server:
        server.answer(READ, status=503, text=json.dumps({**PROBLEM, "status": 503}))

        with pytest.raises(ClientError):
            read(server.url)

        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8321", "ftp://x", "http://", "http://x:99999", "http://x/?a=1", "http://[x"]
)
def test_what_is_no_address_is_a_wrong_option(url: str) -> None:
    with pytest.raises(click.UsageError, match="--url"):
        client_of(url, None)


def test_a_message_does_not_give_orders_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    ClientError("one\x1b[31m\ntwo").show()

    assert capsys.readouterr().err == "quarterjack: one\\x1b[31m\ntwo\n"


def test_an_address_in_use_by_another_protocol_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        with client_of(url, None) as client:
            reply = client.get_workflow("x")
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"SSH-2.0-x\r\n")
                with pytest.raises(ClientError, match="the connection to http://127"), told():
                    reply.get(timeout=20)
