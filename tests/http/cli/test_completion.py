"""Shells complete commands, options and names; whatever goes wrong, they only offer nothing."""

import subprocess

import pytest
from click.testing import CliRunner
from rest_client import RestClient
from web_server import WebServer

from quarterjack.http.cli.bash_completion import register
from quarterjack.http.cli.main import main

MANUAL = {"manual": True}


def offered(url: str, words: str, shell: str = "bash") -> list[str]:
    """What the shell is offered for the last of the words."""
    register()
    count = len(words.replace("\\ ", "_").split(" ")) - 1
    env = {
        "_QUARTERJACK_COMPLETE": f"{shell}_complete",
        "QUARTERJACK_URL": url,
        "COMP_WORDS": words,
        "COMP_CWORD": str(count),
    }
    done = CliRunner().invoke(main, [], prog_name="quarterjack", env=env)
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_commands_options_and_statuses_are_offered(rest: RestClient) -> None:
    assert offered(rest.url, "quarterjack sche") == ["schedules"]
    assert offered(rest.url, "quarterjack schedules --lat") == ["--late"]
    assert offered(rest.url, "quarterjack schedules --status pa") == ["paused"]


def test_names_and_ids_of_the_server_are_offered(rest: RestClient) -> None:
    key = rest.schedule("echo", MANUAL, name="Nightly")
    execution = rest.run("echo")

    assert offered(rest.url, "quarterjack schedules ni") == ["Nightly"]
    assert offered(rest.url, f"quarterjack schedules {key[:6]}") == [key]
    assert offered(rest.url, "quarterjack workflows e") == ["echo"]
    assert offered(rest.url, "quarterjack executions --schedule Ni") == ["Nightly"]
    assert offered(rest.url, "quarterjack logs la") == ["last"]
    assert offered(rest.url, f"quarterjack logs {execution[:8]}") == [execution]


def test_the_server_is_the_one_that_the_line_says(rest: RestClient, nobody: str) -> None:
    rest.schedule("echo", MANUAL, name="Nightly")

    assert offered(nobody, f"quarterjack schedules --url {rest.url} Ni") == ["Nightly"]


def test_bash_gets_a_name_with_spaces_as_one_word(rest: RestClient) -> None:
    rest.schedule("echo", MANUAL, name="Nightly report (eu)")

    assert offered(rest.url, "quarterjack schedules Ni") == ["Nightly\\ report\\ \\(eu\\)"]
    begun = "quarterjack schedules Nightly\\ re"
    assert offered(rest.url, begun) == ["Nightly\\ report\\ \\(eu\\)"]


def test_without_a_server_nothing_is_offered_and_nothing_said(nobody: str) -> None:
    assert offered(nobody, "quarterjack schedules Ni") == []
    assert offered("no address", "quarterjack schedules Ni") == []
    with WebServer() as other:
        assert offered(other.url, "quarterjack schedules Ni") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_the_program(shell: str) -> None:
    done = CliRunner().invoke(main, ["completion", shell])

    assert done.exit_code == 0
    assert f"_QUARTERJACK_COMPLETE={shell}_complete" in done.stdout


def test_the_script_for_bash_is_one() -> None:
    script = CliRunner().invoke(main, ["completion", "bash"]).stdout

    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)

    assert (done.returncode, done.stderr) == (0, "")
