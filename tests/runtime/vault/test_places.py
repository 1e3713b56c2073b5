"""References lead to allowed environment variables and files, and nowhere else."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from quarterjack.actors.secret_params import LONGEST, Reference, SecretUnavailable
from quarterjack.runtime.vault.places import AllowedPlaces

ENVIRON = {
    "QUARTERJACK_SECRET_SMTP": "correct horse",
    "QUARTERJACK_SECRET_KEY_FILE": "/etc/key",
    "QUARTERJACK_SECRET_SHORT": "abc",
    "SMTP_PASSWORD": "battery staple",
    "HOME": "/root",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "secrets"
    found.mkdir()
    (found / "smtp").write_text("correct horse\n", encoding="utf-8")
    return found


@pytest.fixture
def places(folder: Path) -> AllowedPlaces:
    return AllowedPlaces(["SMTP_*"], [folder], ENVIRON)


def env(name: str) -> Reference:
    return Reference("env", name)


def file(path: Path | str) -> Reference:
    return Reference("file", str(path))


def test_allowed_variables_and_files_are_read(places: AllowedPlaces, folder: Path) -> None:
    assert places.looked_up(env("QUARTERJACK_SECRET_SMTP")) == "correct horse"
    assert places.looked_up(env("SMTP_PASSWORD")) == "battery staple"
    assert places.looked_up(file(folder / "smtp")) == "correct horse"
    (folder / "smtp").write_bytes(b"another one \n\r\n")
    assert places.looked_up(file(folder / "smtp")) == "another one \n"


@pytest.mark.parametrize(
    "name", ["HOME", "quarterjack_secret_smtp", "QUARTERJACK_SECRET_KEY_FILE", "XSMTP_PASSWORD"]
)
def test_other_variables_are_refused(places: AllowedPlaces, name: str) -> None:
    assert "--secret-env" in str(places.refusal(env(name)))
    with pytest.raises(SecretUnavailable, match="secret-env"):
        places.looked_up(env(name))


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "smtp",
        "{folder}/../outside",
        "{folder}/./smtp",
        "{folder}//smtp",
        "{folder}",
        "{folder}x/smtp",
        "{folder}/smtp\0",
        "{folder}/a\0b/../../outside",
    ],
)
def test_other_files_are_refused(places: AllowedPlaces, folder: Path, path: str) -> None:
    (folder.parent / "outside").write_text("not for you", encoding="utf-8")
    reference = file(path.format(folder=folder))

    assert "--secret-dir" in str(places.refusal(reference))
    with pytest.raises(SecretUnavailable, match="secret-dir"):
        places.looked_up(reference)


def test_no_file_is_allowed_unless_a_folder_is() -> None:
    assert AllowedPlaces().refusal(file("/run/secrets/smtp"))


@pytest.mark.parametrize("link", ["to_file", "to_folder/outside"])
def test_a_link_does_not_lead_out(places: AllowedPlaces, folder: Path, link: str) -> None:
    (folder.parent / "outside").write_text("not for you", encoding="utf-8")
    (folder / "to_file").symlink_to("../outside")
    (folder / "to_folder").symlink_to("..")

    with pytest.raises(SecretUnavailable, match="link that leads out") as error:
        places.looked_up(file(folder / link))
    assert "not for you" not in str(error.value)


def test_a_link_within_the_folder_is_followed(places: AllowedPlaces, folder: Path) -> None:
    """So are secrets of Kubernetes laid out."""
    (folder / "..2026").mkdir()
    (folder / "..2026" / "token").write_text("correct horse", encoding="utf-8")
    (folder / "..data").symlink_to("..2026")
    (folder / "token").symlink_to("..data/token")

    assert places.looked_up(file(folder / "token")) == "correct horse"


def test_a_folder_that_is_a_link_is_taken_for_where_it_leads(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    places = AllowedPlaces([], [tmp_path / "link"], ENVIRON)

    assert places.looked_up(file(tmp_path / "link" / "smtp")) == "correct horse"


@pytest.mark.parametrize(
    ("made", "told"),
    [
        pytest.param(lambda path: None, "No such file", id="missing"),  # noqa: ARG005
        pytest.param(Path.mkdir, "Is a directory", id="folder"),
        pytest.param(os.mkfifo, "it is no file", id="pipe"),
        pytest.param(lambda path: path.write_bytes(b"\xff\xfe1234"), "no UTF-8", id="binary"),
        pytest.param(lambda path: path.write_bytes(b""), "4 to", id="empty"),
        pytest.param(
            lambda path: path.write_bytes(b"x" * (LONGEST + 1)),
            "more than 65,536 bytes",
            id="large",
        ),
    ],
)
def test_what_is_no_secret_is_named_and_not_shown(
    places: AllowedPlaces, folder: Path, made: Callable[[Path], object], told: str
) -> None:
    path = folder / "other"
    made(path)

    with pytest.raises(SecretUnavailable, match=told) as error:
        places.looked_up(file(path))
    assert str(path) in str(error.value)


def test_a_missing_and_a_short_variable_are_named(places: AllowedPlaces) -> None:
    with pytest.raises(SecretUnavailable, match="'SMTP_X' is not set"):
        places.looked_up(env("SMTP_X"))
    with pytest.raises(SecretUnavailable, match="SHORT': a secret has 4 to") as error:
        places.looked_up(env("QUARTERJACK_SECRET_SHORT"))
    assert "abc" not in str(error.value)
