"""HTTPS by a certificate of one's own: TLS 1.2 at least, within a time, and its files are checked."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiohttp import web
from certificates import Certificate, make_certificate
from raw_http import connected, until_closed
from rest_client import RestClient
from site_server import Site
from waiting import eventually

from quarterjack.http.errors import BadOption
from quarterjack.http.settings import HttpSettings
from quarterjack.http.tls import tls_context


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """For 127.0.0.1 and localhost."""
    return make_certificate(tmp_path)


@pytest.fixture
def secure(certificate: Certificate) -> Iterator[Site]:
    """A server that speaks HTTPS, with a short time for handshakes and heads."""
    front = HttpSettings.of(handshake_deadline="300ms", head_deadline="300ms", connections=5)
    with Site(front=front, context=tls_context(certificate.cert, certificate.key)) as served:
        yield served


@pytest.fixture
def secure_client(secure: Site, certificate: Certificate) -> RestClient:
    """One that trusts the certificate."""
    return RestClient(secure.client.url, certificate.trusting)


def test_https_is_answered(secure: Site, secure_client: RestClient) -> None:
    assert secure.client.url.startswith("https://")
    assert secure_client.get("/healthz").status == 200
    assert secure_client.get("/healthz", {"Origin": secure.client.url}).status == 200
    own_name_other_scheme = secure.client.url.replace("https:", "http:")
    assert secure_client.get("/healthz", {"Origin": own_name_other_scheme}).status == 403


def test_a_large_answer_and_a_large_body_go_through(secure_client: RestClient) -> None:
    payload = {"payload": "x" * 900_000}

    assert secure_client.post("/api/events/large", payload).status == 202


def test_many_requests_in_one_connection(secure: Site, certificate: Certificate) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    with (
        connected(secure.client.authority) as plain,
        certificate.trusting.wrap_socket(plain, server_hostname="localhost") as wrapped,
    ):
        wrapped.sendall((one + b"\r\n") * 20 + one + b"Connection: close\r\n\r\n")
        received = until_closed(wrapped)

    assert received.count(b"HTTP/1.1 200 ") == 21


def test_the_websocket_is_there(secure: Site, certificate: Certificate) -> None:
    upgrade = (
        b"GET /api/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    with (
        connected(secure.client.authority) as plain,
        certificate.trusting.wrap_socket(plain, server_hostname="localhost") as wrapped,
    ):
        wrapped.sendall(upgrade)
        assert wrapped.recv(65_536).startswith(b"HTTP/1.1 101 ")


@pytest.mark.filterwarnings("ignore:.*TLSv1_1.*:DeprecationWarning")
def test_versions_before_1_2_are_refused(secure: Site) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1

    with connected(secure.client.authority) as plain, pytest.raises((ssl.SSLError, OSError)):
        old.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.parametrize(
    "sent", [b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n"], ids=["nothing", "a start", "HTTP"]
)
def test_a_handshake_that_does_not_come_is_given_up(
    secure: Site, secure_client: RestClient, sent: bytes
) -> None:
    with connected(secure.client.authority) as connection:
        connection.sendall(sent)
        assert b"HTTP" not in until_closed(connection)

    eventually(lambda: len(secure.listener.crowd) == 0 and not secure.listener.handshakes)
    assert secure_client.get("/healthz").status == 200


def test_a_head_that_does_not_come_is_given_up(secure: Site, certificate: Certificate) -> None:
    with (
        connected(secure.client.authority) as plain,
        certificate.trusting.wrap_socket(plain, server_hostname="localhost") as wrapped,
    ):
        wrapped.sendall(b"GET ")
        assert until_closed(wrapped).startswith(b"HTTP/1.1 408 ")


def test_handshakes_that_hang_keep_nobody_out(secure: Site, secure_client: RestClient) -> None:
    with ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(connected(secure.client.authority))

        assert secure_client.get("/healthz").status == 200
        assert len(secure.listener.crowd) <= 5

    eventually(lambda: len(secure.listener.crowd) == 0)


def test_a_new_certificate_is_for_the_connections_to_come(
    secure: Site, certificate: Certificate, secure_client: RestClient, tmp_path: Path
) -> None:
    (tmp_path / "new").mkdir()
    new = make_certificate(tmp_path / "new")
    trusting_new = RestClient(secure.client.url, new.trusting)
    with pytest.raises(ssl.SSLCertVerificationError):
        trusting_new.get("/healthz")

    secure.listener.context = tls_context(new.cert, new.key)

    assert trusting_new.get("/healthz").status == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        secure_client.get("/healthz")


def test_files_that_can_not_be_used_are_named(certificate: Certificate, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = make_certificate(tmp_path / "other")
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("no certificate")

    for cert, key in [
        (tmp_path / "none.pem", certificate.key),
        (rubbish, certificate.key),
        (certificate.cert, rubbish),
        (certificate.cert, other.key),
        (certificate.cert, certificate.cert),
    ]:
        with pytest.raises(BadOption, match=f"--tls-cert {cert}, --tls-key {key}: .+"):
            tls_context(cert, key)


def test_a_closed_server_leaves_no_socket(certificate: Certificate) -> None:
    with Site(context=tls_context(certificate.cert, certificate.key)) as site:
        host, port = site.client.authority.split(":")
        hanging = socket.create_connection((host, int(port)))
        eventually(lambda: len(site.listener.crowd) == 1)

    with hanging:
        assert until_closed(hanging) == b""


def test_who_does_not_read_his_answer_is_cut_off(certificate: Certificate) -> None:
    async def large(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 20_000_000)

    front = HttpSettings.of(write_deadline="300ms")
    site = Site(front=front, context=tls_context(certificate.cert, certificate.key))
    site.app.router.add_get("/large", large)
    with (
        site,
        connected(site.client.authority) as plain,
        certificate.trusting.wrap_socket(plain, server_hostname="localhost") as wrapped,
    ):
        wrapped.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        eventually(lambda: len(site.listener.crowd) == 1)
        eventually(lambda: len(site.listener.crowd) == 0)
