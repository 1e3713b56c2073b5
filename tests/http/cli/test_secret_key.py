"""`quarterjack secret-key`: makes the key file, and never prints or overwrites a key."""

from pathlib import Path

from click.testing import CliRunner, Result

from quarterjack.http.cli.main import main


def secret_key(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["secret-key", *map(str, arguments)])


def test_a_key_is_written_and_not_printed(tmp_path: Path) -> None:
    result = secret_key(tmp_path / "key")

    assert (result.exit_code, result.output) == (0, "")
    assert len((tmp_path / "key").read_text().split()) == 1
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_a_second_key_is_put_first_only_when_asked_for(tmp_path: Path) -> None:
    secret_key(tmp_path / "key")
    (before,) = (tmp_path / "key").read_text().split()

    refused = secret_key(tmp_path / "key")
    assert refused.exit_code == 1
    assert "--rotate" in refused.output
    assert before not in refused.output
    assert secret_key(tmp_path / "key", "--rotate").exit_code == 0

    first, second = (tmp_path / "key").read_text().split()
    assert first != before
    assert second == before


def test_what_can_not_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    result = secret_key(tmp_path / "none" / "key")

    assert result.exit_code == 1
    assert "No such file" in result.output
    assert len(result.output.splitlines()) == 1
    assert secret_key(tmp_path / "missing", "--rotate").exit_code == 1
