"""The options of `serve` about its outside, on a server of its own: TLS, names, proxies, addresses."""

import signal
import ssl
from pathlib import Path

import pytest
from certificates import make_certificate
from click.testing import CliRunner
from rest_client import RestClient
from server_process import Start
from waiting import eventually

from quarterjack.http.cli.main import main

SERVER_OPTIONS = ("--runner", "thread")


@pytest.mark.parametrize("host", ["0.0.0.0", "example.invalid"])
def test_beyond_loopback_it_does_not_serve_without_tokens(start: Start, host: str) -> None:
    server = start("--host", host)

    assert server.wait() == 2
    assert server.log.count("\n") == 1
    assert "without tokens" in server.log
    assert server.rest_of_output() == ""


def test_with_a_certificate_it_serves_https(start: Start, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)

    server = start("--tls-cert", str(certificate.cert), "--tls-key", str(certificate.key))

    line = server.line()
    assert line.startswith("Quarterjack listening on https://127.0.0.1:")
    client = RestClient(line.rpartition(" ")[2], certificate.trusting)
    assert client.get("/readyz").status == 200
    assert server.end() == 0


def test_sighup_has_the_certificate_read_again(start: Start, tmp_path: Path) -> None:
    old = make_certificate(tmp_path)
    server = start("--tls-cert", str(old.cert), "--tls-key", str(old.key))
    url = server.line().rpartition(" ")[2]
    assert RestClient(url, old.trusting).get("/readyz").status == 200

    old.key.write_text("broken")
    server.send(signal.SIGHUP)
    eventually(lambda: "the certificate stays as it was" in server.log)
    assert RestClient(url, old.trusting).get("/readyz").status == 200

    new = make_certificate(tmp_path)
    server.send(signal.SIGHUP)
    eventually(lambda: "the certificate was read again" in server.log)
    assert RestClient(url, new.trusting).get("/readyz").status == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        RestClient(url, old.trusting).get("/readyz")
    assert server.end() == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["--tls-cert", "cert.pem"], "give both", id="no key"),
        pytest.param(
            ["--tls-cert", "none.pem", "--tls-key", "none.pem"], "none.pem", id="no such file"
        ),
        pytest.param(["--trusted-proxy", "proxy"], "'proxy' does not appear", id="no network"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(start: Start, arguments: list[str], told: str) -> None:
    server = start(*arguments)

    assert server.wait() == 2
    assert told in server.log
    assert "Traceback" not in server.log
    assert server.rest_of_output() == ""


def _token(folder: Path, role: str) -> str:
    """A token of the server that will use the folder's database."""
    arguments = ["create", "ci", "--role", role, "--database", f"sqlite:///{folder / 'q.db'}"]
    made = CliRunner().invoke(main, ["token", *arguments])
    return made.stdout.strip()


def test_names_prefix_and_origins_are_as_the_options_say(start: Start, tmp_path: Path) -> None:
    good = {"Authorization": f"Bearer {_token(tmp_path, 'admin')}"}
    server = start(
        "--path-prefix",
        "/quarterjack",
        "--trusted-proxy",
        "127.0.0.1",
        env={
            "QUARTERJACK_ALLOW_HOST": "cron.example.org other.example.org",
            "QUARTERJACK_ALLOW_ORIGIN": "https://tools.example.org",
        },
    )
    client = server.client()
    through = {
        "Host": "cron.example.org",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "203.0.113.9",
    }

    own = client.post(
        "/quarterjack/api/schedules/workflows",
        {"workflowId": "report", "name": "n", "scheduleConfig": {"manual": True}},
        {**good, **through, "Origin": "https://cron.example.org"},
    )
    assert own.status == 201
    assert own.headers["location"].startswith("/quarterjack/api/schedules/sch_")
    other = client.get("/readyz", {"Host": "other.example.org"})
    assert other.status == 200
    tools = client.get("/readyz", {"Origin": "https://tools.example.org"})
    assert tools.headers["access-control-allow-origin"] == "https://tools.example.org"
    assert client.get("/readyz", {"Host": "evil.example"}).status == 421


def test_with_a_token_it_serves_beyond_loopback(start: Start, tmp_path: Path) -> None:
    secret = _token(tmp_path, "viewer")

    server = start("--host", "0.0.0.0", "--allow-host", "cron.example.org")
    port = server.line().rpartition(":")[2]
    client = RestClient(f"http://127.0.0.1:{port}")

    assert client.get("/healthz").status == 200
    assert client.get("/api/schedules").status == 401
    good = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/schedules", good).status == 200
    assert client.get("/api/schedules", {**good, "Host": "cron.example.org"}).status == 200
    assert client.get("/api/schedules", {**good, "Host": "evil.example"}).status == 421
    assert server.end() == 0
