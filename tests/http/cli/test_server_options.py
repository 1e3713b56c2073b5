"""How a command reaches its server, and with what it ends if it can't, or may not."""

from pathlib import Path

import pytest
from certificates import Certificate, make_certificate
from command_line import CommandLine
from rest_client import RestClient
from site_server import Site

from quarterjack.http.tls import tls_context


def token(rest: RestClient, role: str) -> str:
    made = rest.post("/api/tokens", {"name": role, "role": role})
    return str(made.body["token"])


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


def test_without_a_token_or_with_one_that_may_not_the_code_says_so(
    cli: CommandLine, rest: RestClient
) -> None:
    key = rest.schedule("echo", {"manual": True})
    viewer = token(rest, "viewer")

    missing = cli("schedules")
    wrong = cli("schedules", "--token", "qj_wrong")
    allowed = cli("schedules", "--token", viewer)
    refused = cli("delete", key, "--yes", "--token", viewer)

    assert (missing.exit_code, wrong.exit_code, allowed.exit_code) == (5, 5, 0)
    assert "Give a token with --token or QUARTERJACK_TOKEN." in missing.stderr
    assert refused.exit_code == 5
    assert "may not" in refused.stderr or "role" in refused.stderr


@pytest.mark.parametrize(
    "command", [["schedules"], ["workflows", "x"], ["actors"], ["logs", "last"]]
)
def test_without_a_server_the_code_says_so(nobody: str, command: list[str]) -> None:
    done = CommandLine(nobody)(*command)

    assert done.exit_code == 4
    assert done.stdout == ""
    assert "start one with `quarterjack serve`" in done.stderr


def test_a_certificate_is_believed_if_its_maker_is_given_or_nothing_is_to_be_looked_at(
    certificate: Certificate,
) -> None:
    with Site(context=tls_context(certificate.cert, certificate.key)) as site:
        secure = CommandLine(site.client.url)
        refused = secure("workflows")
        by_maker = secure("workflows", "--ca", certificate.maker)
        by_nobody = secure("workflows", "--insecure")

    assert refused.exit_code == 4
    assert "certificate" in refused.stderr
    assert (by_maker.exit_code, by_nobody.exit_code) == (0, 0)


def test_a_file_that_has_no_certificate_is_a_wrong_option(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("nothing", encoding="utf-8")

    done = cli("workflows", "--ca", tmp_path / "none.pem")

    assert done.exit_code == 2
    assert "--ca" in done.stderr
