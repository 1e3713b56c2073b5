"""Schedules in files: where each one stands, which id it has, and what is wrong."""

from pathlib import Path
from typing import Any

import pytest

from quarterjack.http.cli.schedule_files import files_in, read_schedules

ONE = 'workflowId = "echo"\n[scheduleConfig]\ncron = "@daily"\n'


def written(folder: Path, **files: str) -> Path:
    """Files by their names, `_` before the suffix standing for the dot."""
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
    return folder


def forms(path: Path) -> dict[str, dict[str, Any]]:
    found, problems = read_schedules(path)
    assert problems == []
    return {each.key: each.form for each in found}


def problems(path: Path) -> list[str]:
    return [str(problem).removeprefix(f"{path}/") for problem in read_schedules(path)[1]]


def test_a_file_with_one_schedule_gives_it_its_name(tmp_path: Path) -> None:
    written(tmp_path, nightly_toml=ONE, own_toml=f'id = "other"\nname = "Own"\n{ONE}')

    assert forms(tmp_path) == {
        "nightly": {
            "id": "nightly",
            "name": "nightly",
            "workflowId": "echo",
            "scheduleConfig": {"cron": "@daily"},
        },
        "other": {
            "id": "other",
            "name": "Own",
            "workflowId": "echo",
            "scheduleConfig": {"cron": "@daily"},
        },
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x_toml", '[[schedules]]\nid = "a"\n[[schedules]]\nid = "b"\n'),
        ("x_toml", "[schedules.a]\n[schedules.b]\n"),
        ("x_json", '{"schedules": [{"id": "a"}, {"id": "b"}]}'),
        ("x_json", '{"schedules": {"a": {}, "b": {}}}'),
        ("x_json", '[{"id": "a"}, {"id": "b"}]'),
    ],
)
def test_a_file_can_have_several(tmp_path: Path, name: str, text: str) -> None:
    assert list(forms(written(tmp_path, **{name: text}))) == ["a", "b"]


def test_dates_of_toml_become_text(tmp_path: Path) -> None:
    text = "at = 2026-12-24T18:00:00+01:00\nexclude = [2026-12-25]\nlocal = 2026-12-24T18:00:00\n"

    form = forms(written(tmp_path, a_toml=text))["a"]

    assert form["at"] == "2026-12-24T17:00:00.000000Z"
    assert form["exclude"] == ["2026-12-25"]
    assert form["local"] == "2026-12-24T18:00:00"


def test_a_folder_is_all_files_in_it_and_below(tmp_path: Path) -> None:
    below = tmp_path / "below"
    hidden = tmp_path / ".git"
    for folder in (below, hidden):
        folder.mkdir()
        written(folder, a_toml=ONE)
    written(tmp_path, b_json="{}", notes_md="# no", c_toml=ONE)

    assert [file.relative_to(tmp_path).as_posix() for file in files_in(tmp_path)] == [
        "b.json",
        "below/a.toml",
        "c.toml",
    ]
    assert files_in(tmp_path / "notes.md") == [tmp_path / "notes.md"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a_toml", "x = ", "a.toml: it is not TOML: Invalid value (at end of document)"),
        ("a_json", "{", "a.json: That is not JSON"),
        ("a_json", '{"a": 1, "a": 2}', "a.json: a: given more than once"),
        ("a_json", "5", "a.json: it has neither a schedule nor"),
        ("a_json", '{"schedules": 5}', "a.json: it has neither a schedule nor"),
        ("a_json", '{"schedules": [5]}', "a.json: schedules[1]: a schedule is a table"),
        ("a_toml", "[[schedules]]\n", "a.toml: schedules[1]: id: is required"),
        ("a_toml", "[schedules.'b c']\n", "a.toml: schedules.b c: id: 'b c' is no id"),
        ("a_toml", "id = 5\n", "a.toml: id: 5 is no id"),
        ("a_toml", "x = nan\n", "a.toml: x: nan is no number"),
        ("a_toml", "x = 99999999999999999999\n", "a.toml: x: an integer beyond 64 bits"),
        ("a b_toml", ONE, "a b.toml: id: 'a b' is no id"),
        ("a_toml", "extra = 1\n[schedules.b]\n", "a.toml: extra: is no field beside schedules"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    (problem,) = problems(written(tmp_path, **{name: text}))

    assert problem.startswith(told)


def test_no_text_and_no_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff")

    assert problems(tmp_path) == ["a.toml: it is not UTF-8 text"]
    assert problems(tmp_path / "gone.toml") == [f"{tmp_path}/gone.toml: No such file or directory"]
    (tmp_path / "deep.json").write_text("[" * 10_000, encoding="utf-8")
    assert "nested deeper" in problems(tmp_path / "deep.json")[0]
    (tmp_path / "deep.toml").write_text(f"x = {'[' * 10_000}", encoding="utf-8")
    assert "nested" in problems(tmp_path / "deep.toml")[0]


def test_an_id_stands_in_one_place(tmp_path: Path) -> None:
    written(tmp_path, a_toml=ONE, b_json='[{"id": "a"}]')

    (problem,) = problems(tmp_path)

    assert problem == f"b.json: schedules[1]: the id 'a' stands in {tmp_path}/a.toml already"
