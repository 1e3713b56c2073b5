"""The reference pages say what the tables in the source say."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from quarterjack.http.cli.command_table import TABLE
from quarterjack.http.cli.exit_codes import MEANINGS
from quarterjack.storage.events import EVENT_TYPES
from quarterjack.storage.statuses import EXECUTION_TRANSITIONS, SCHEDULE_TRANSITIONS

DOCS = Path(__file__).parents[2] / "docs"


def table(rows: Mapping[Any, Iterable[str]]) -> str:
    """The body of a table: a name, and the names that belong to it."""
    return "\n".join(
        f"| `{name}` | {', '.join(f'`{each}`' for each in found) or '–'} |"
        for name, found in rows.items()
    )


def test_the_page_of_events_is_the_table_of_events() -> None:
    assert table(EVENT_TYPES) in (DOCS / "events.md").read_text(encoding="utf-8")


def test_the_page_of_states_is_the_table_of_execution_states() -> None:
    rows = {name: sorted(allowed) for name, allowed in EXECUTION_TRANSITIONS.items()}

    assert table(rows) in (DOCS / "states.md").read_text(encoding="utf-8")


def test_the_page_of_states_is_the_table_of_schedule_states() -> None:
    rows = {name: sorted(allowed - {name}) for name, allowed in SCHEDULE_TRANSITIONS.items()}

    assert table(rows) in (DOCS / "states.md").read_text(encoding="utf-8")


def test_the_tests_that_the_page_on_security_names_are_there() -> None:
    page = (DOCS / "security.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:tests|http)/[\w/]+\.py)`", page))

    assert len(named) > 10
    assert {path for path in named if not (DOCS.parent / path).is_file()} == set()


def test_the_page_of_commands_is_the_table_of_exit_codes() -> None:
    rows = "\n".join(f"| {code.value} | {told} |" for code, told in MEANINGS.items())

    assert f"\n| --- | --- |\n{rows}\n\n" in (DOCS / "commands.md").read_text(encoding="utf-8")


def test_the_page_of_commands_has_each_command() -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    names = [row.name for rows in TABLE.values() for row in rows]

    assert [name for name in names if f"quarterjack {name}" not in page] == []
