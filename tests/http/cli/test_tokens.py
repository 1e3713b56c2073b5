"""`quarterjack token` on a database, and at a server that has it open."""

import json
from pathlib import Path

import pytest
from bearer import Bearer
from click.testing import CliRunner, Result
from command_line import CommandLine
from rest_client import RestClient
from site_server import Site

from quarterjack.http.cli.main import main
from quarterjack.runtime import Runtime
from quarterjack.storage import WorkflowId


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/q.db"


def token(database: str, *arguments: str) -> Result:
    env = {"QUARTERJACK_DATABASE": database}
    return CliRunner().invoke(main, ["token", *arguments], env=env)


def test_a_token_is_made_in_a_new_database_and_its_text_is_all_that_is_printed(
    database: str, tmp_path: Path
) -> None:
    made = token(database, "create", "ci", "--role", "operator", "--workflow", "a")
    secret = made.stdout.strip()

    assert made.exit_code == 0
    assert secret.startswith("qj_")
    with Runtime(database) as runtime:
        found = runtime.authenticate(secret)
        assert found is not None
        assert (found.name, found.role.value) == ("ci", "operator")
        assert found.workflows == frozenset({WorkflowId("a")})
    assert (tmp_path / "q.db").stat().st_mode & 0o077 == 0


def test_tokens_are_listed_and_revoked(database: str) -> None:
    made = json.loads(token(database, "create", "ci", "--role", "viewer", "--json").stdout)

    table = token(database, "list").stdout
    revoked = token(database, "revoke", made["id"])
    listed = json.loads(token(database, "list", "--json").stdout)

    assert made["id"] in table
    assert "valid" in table
    assert made["token"] not in table + json.dumps(listed)
    assert revoked.exit_code == 0
    assert listed[0]["revokedAt"] is not None
    assert "revoked" in token(database, "list").stdout


def test_who_made_a_token_is_in_the_audit_table(database: str) -> None:
    token(database, "create", "ci", "--role", "viewer")

    with Runtime(database) as runtime:
        (entry,) = runtime.list_audit().get().items

    assert (entry.action, entry.address, entry.token_id) == ("createToken", "database", None)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["create", "ci", "--role", "root"], 2, "role"),
        (["create", "ci"], 2, "--role"),
        (["create", "", "--role", "viewer"], 1, "name"),
        (["create", "ci", "--role", "viewer", "--expires", "soon"], 2, "expires"),
        (["list"], 1, "There is no database"),
        (["revoke", "tok_x"], 1, "There is no database"),
        (["list", "--database", "sqlite://"], 1, "give a file"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(
    database: str, arguments: list[str], code: int, told: str
) -> None:
    result = token(database, *arguments)

    assert result.exit_code == code
    assert told in result.stderr
    assert "Traceback" not in result.output


def test_a_running_server_is_named_and_can_be_asked_instead(database: str) -> None:
    with Site([], database) as site:
        refused = token(database, "create", "ci", "--role", "admin")
        asked = CommandLine(site.client.url)
        made = asked("token", "create", "ci", "--role", "admin", "--url", site.client.url)
        bearer = Bearer(site.client.url, made.stdout.strip())

        assert refused.exit_code == 1
        assert "in use by process" in refused.stderr
        assert "--url" in refused.stderr
        assert made.exit_code == 0
        assert bearer.get("/api/tokens").status == 200
        options = ("--url", site.client.url, "--token", bearer.secret)
        listed = json.loads(asked("token", "list", "--json", *options).stdout)
        assert [each["name"] for each in listed] == ["ci"]
        assert asked("token", "list", "--url", site.client.url).exit_code == 5
        assert asked("token", "revoke", listed[0]["id"], *options).exit_code == 0
        assert bearer.get("/api/tokens").status == 401


def test_the_commands_send_their_token(rest: RestClient, cli: CommandLine) -> None:
    rest.schedule("echo", {"manual": True})
    made = rest.post("/api/tokens", {"name": "n", "role": "viewer"}).body["token"]

    assert cli("export").exit_code == 5
    assert "QUARTERJACK_TOKEN" in cli("export").stderr
    assert '"echo"' in cli("export", "--token", made).stdout
