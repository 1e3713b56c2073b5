"""What all clients have: options from the line, the environment and a file, in this order."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from quarterjack.http.cli.main import main


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Says where no server is."""
    found = tmp_path / "client.toml"
    found.write_text('url = "http://127.0.0.1:1/file"\n', encoding="utf-8")
    return found


def asked(*arguments: object, **env: str) -> str:
    """Where a command has looked for a server."""
    done = CliRunner().invoke(main, ["export", *map(str, arguments)], env=env)
    assert done.exit_code == 4
    return done.stderr.partition("no server at ")[2].partition(";")[0]


def test_the_line_goes_before_the_environment_and_that_before_the_file(config: Path) -> None:
    in_env = {"QUARTERJACK_URL": "http://127.0.0.1:1/env"}

    assert asked("--config", config) == "http://127.0.0.1:1/file"
    assert asked("--config", config, **in_env) == "http://127.0.0.1:1/env"
    assert asked("--url=http://127.0.0.1:1/line", "--config", config, **in_env).endswith("/line")


def test_a_file_with_another_name_is_a_wrong_option(config: Path) -> None:
    config.write_text("port = 1\n", encoding="utf-8")

    done = CliRunner().invoke(main, ["export", "--config", str(config)])

    assert done.exit_code == 2
    assert "no option 'port'; there are: ca, insecure, token, url" in done.stderr


def test_an_option_tells_its_variable() -> None:
    done = CliRunner().invoke(main, ["import-crontab", "--help"])

    assert "QUARTERJACK_SYSTEM" in done.stdout
    assert "QUARTERJACK_SYSTEM/" not in done.stdout
