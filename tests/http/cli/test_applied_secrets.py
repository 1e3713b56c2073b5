"""`quarterjack apply` with secrets in its files: a plan shows none, and references change nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import secret_steps
from command_line import CommandLine
from secret_steps import PLAIN, VARIABLE
from site_server import Site

from quarterjack.runtime.vault.keyring import make_key_file

REFERENCE = {"env": VARIABLE}


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[CommandLine]:
    make_key_file(tmp_path / "key")
    with Site(secret_steps.ALL, secret_key_file=str(tmp_path / "key")) as served:
        yield CommandLine(served.client.url)


def apply(cli: CommandLine, tmp_path: Path, password: Any, **more: Any) -> str:
    """What the command says."""
    form = {
        "workflowId": "careful",
        "scheduleConfig": {"manual": True},
        "executionConfig": {"params": {"password": password}, **more},
    }
    (tmp_path / "mail.json").write_text(json.dumps(form), encoding="utf-8")
    result = cli("apply", tmp_path / "mail.json", "--yes", "--origin", "test")
    assert result.exit_code == 0, result.output
    return result.output


def test_a_plan_shows_no_value_of_the_file(cli: CommandLine, tmp_path: Path) -> None:
    said = [apply(cli, tmp_path, given) for given in (REFERENCE, PLAIN, PLAIN, "***", REFERENCE)]

    assert "horse" not in "".join(said)
    assert '"*** (given)"' in said[1]
    assert '"***" → "*** (given)"' in said[2], "given again, so changed"
    assert "0 changed, 0 deleted, 1 unchanged" in said[3]
    assert VARIABLE in said[4]


def test_a_reference_that_is_applied_again_changes_nothing(
    cli: CommandLine, tmp_path: Path
) -> None:
    apply(cli, tmp_path, REFERENCE)

    assert "0 changed" in apply(cli, tmp_path, REFERENCE)
    assert "1 changed" in apply(cli, tmp_path, REFERENCE, priority=1)
