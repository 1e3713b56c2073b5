"""The server's keys: values are encrypted with the newest, and decrypted with any of the file."""

import logging
from pathlib import Path

import pytest

from quarterjack.actors.secret_params import SecretUnavailable
from quarterjack.runtime import InvalidInput, Runtime, Settings
from quarterjack.runtime.vault.keyring import (
    Keyring,
    WrongKeyFile,
    make_key_file,
    rotate_key_file,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "key"
    make_key_file(found)
    return found


def test_a_key_file_is_for_its_owner_only_and_never_overwritten(path: Path) -> None:
    before = path.read_bytes()

    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(WrongKeyFile, match="there already"):
        make_key_file(path)
    assert path.read_bytes() == before


def test_what_is_encrypted_shows_nothing_and_comes_back(path: Path) -> None:
    keyring = Keyring.read(path)

    sealed = keyring.seal("correct horse")

    assert "horse" not in sealed
    assert sealed != keyring.seal("correct horse")
    assert Keyring.read(path).unsealed(sealed) == "correct horse"


def test_after_a_rotation_old_values_are_decrypted_and_new_ones_need_the_new_key(
    path: Path, tmp_path: Path
) -> None:
    (tmp_path / "before").write_bytes(path.read_bytes())
    old = Keyring.read(path)
    sealed = old.seal("correct horse")

    rotate_key_file(path)

    rotated = Keyring.read(path)
    assert rotated.unsealed(sealed) == "correct horse"
    with pytest.raises(SecretUnavailable, match="not in the server's key file"):
        old.unsealed(rotated.seal("correct horse"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["before", "key"]


@pytest.mark.parametrize("content", ["", "# nothing\n", "no key at all\n", "\udcff"])
def test_a_file_without_a_key_is_refused_and_not_repeated(path: Path, content: str) -> None:
    path.write_bytes(content.encode(errors="surrogateescape"))

    with pytest.raises(WrongKeyFile, match="secret-key") as error:
        Keyring.read(path)
    assert "at all" not in str(error.value)
    with pytest.raises(WrongKeyFile):
        rotate_key_file(path)


def test_a_runtime_with_a_wrong_key_file_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"secret_key_file: .*No such file"):
        Runtime(settings=Settings.of(secret_key_file=str(tmp_path / "none")))


@pytest.mark.parametrize("folder", ["secrets", "/run/../etc", "/"])
def test_folders_of_secrets_are_absolute(folder: str) -> None:
    with pytest.raises(InvalidInput, match="absolute path"):
        Settings.of(secret_dirs=[folder])


def test_a_key_file_that_everybody_can_read_is_warned_of(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.chmod(0o644)

    with caplog.at_level(logging.WARNING):
        Keyring.read(path)

    assert "chmod 600" in caplog.text
