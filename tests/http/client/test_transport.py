"""The way to the server and back: prefixes, tokens, TLS, and answers that are not what they should be."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from web_server import WebServer

from quarterjack.http import Client, NoAnswer, NotAQuarterjackServer, ServerUnreachable
from quarterjack.runtime import InvalidInput

TIMEOUT = 20
HEALTH = '{"status": "ok", "loopLag": 0, "rescuedSchedules": 0, "clockJumps": 0, "newer": 1}'


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as started:
        yield started


def test_the_address_may_have_a_path_and_the_token_is_sent(server: WebServer) -> None:
    server.answer("/jobs/healthz", text=HEALTH)

    with Client(f"{server.url}/jobs/", token="secret") as client:
        assert client.health().get(timeout=TIMEOUT).status == "ok"

    assert server.asked[0].headers["authorization"] == "Bearer secret"


def test_a_token_does_not_follow_to_another_place(server: WebServer) -> None:
    server.answer("/healthz", status=302, text="", Location=f"{server.url}/elsewhere")

    with Client(server.url, token="secret") as client, pytest.raises(NotAQuarterjackServer):
        client.health().get(timeout=TIMEOUT)

    assert len(server.asked) == 1


def test_a_token_is_in_no_error_and_no_name(server: WebServer) -> None:
    server.answer("/healthz", status=404, text="<html>")

    with Client(server.url, token="secret") as client:
        with pytest.raises(NotAQuarterjackServer) as failed:
            client.health().get(timeout=TIMEOUT)

        assert "secret" not in f"{client!r} {failed.value!r}"


def test_a_server_that_says_nothing_is_not_waited_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"

        with Client(url, timeout=0.1, retries=0) as client, pytest.raises(NoAnswer) as failed:
            client.health().get(timeout=TIMEOUT)

    assert failed.value.sent
    assert "did not answer within 0.1 seconds" in str(failed.value)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8321", "ftp://x", "http://", "http://x:99999", "http://u:p@x", "http://[x"]
)
def test_what_is_no_address_is_wrong_input(url: str) -> None:
    with pytest.raises(InvalidInput, match="url"):
        Client(url)


def test_an_encoding_that_there_is_not_is_wrong_input() -> None:
    with pytest.raises(InvalidInput, match="json and msgpack"):
        Client("http://x", encoding="xml")  # type: ignore[arg-type]


def test_lines_that_break_off_are_an_error(server: WebServer) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"1\n2\n")
        assert request.transport is not None
        request.transport.abort()
        return response

    server.handlers["/api/schedules/export"] = break_off

    with Client(server.url) as client:
        with pytest.raises(ServerUnreachable):
            list(client.export_lines())
        with pytest.raises(ServerUnreachable):
            client.export_schedules().get(timeout=TIMEOUT)


def test_fewer_lines_than_were_promised_are_an_error() -> None:
    promised = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n1\n2\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        answering = threading.Thread(target=_answer_once, args=[listener, promised])
        answering.start()

        with Client(url) as client, pytest.raises(ServerUnreachable):
            list(client.export_lines())

        answering.join()


def test_more_than_a_server_takes_is_not_sent(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quarterjack.http.client.bulk_calls.LARGEST", 10)

    with Client(server.url) as client, pytest.raises(InvalidInput, match="in parts"):
        client.import_lines(b"x" * 11).get(timeout=TIMEOUT)

    assert server.asked == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate that vouches for itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("makes a certificate with openssl")
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-out", str(made), "-keyout", str(key)]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    return made, key


def test_over_https_certificates_are_checked(certificate: tuple[Path, Path]) -> None:
    made, key = certificate
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)

    with WebServer(tls=context) as server:
        server.answer("/healthz", text=HEALTH)
        with Client(server.url, retries=0) as client, pytest.raises(ServerUnreachable) as failed:
            client.health().get(timeout=TIMEOUT)
        with Client(server.url, ca=made) as client:
            believed = client.health().get(timeout=TIMEOUT)
        with Client(server.url, verify=False) as client:
            anybody = client.health().get(timeout=TIMEOUT)

    assert "certificate" in str(failed.value).lower()
    assert not failed.value.sent
    assert believed == anybody


def _answer_once(listener: socket.socket, answer: bytes) -> None:
    peer, _ = listener.accept()
    with peer:
        peer.recv(65_536)
        peer.sendall(answer)


def test_a_trace_goes_with_what_it_starts(server: WebServer) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    server.answer("/api/workflows/x/run", text='{"executionId": "exe_1"}')

    with Client(server.url) as client:
        client.run("x", traceparent=trace).get(timeout=TIMEOUT)
        with pytest.raises(InvalidInput, match="traceparent"):
            client.run("x", traceparent="a\nb: c").get(timeout=TIMEOUT)

    assert [asked.headers["traceparent"] for asked in server.asked] == [trace]
