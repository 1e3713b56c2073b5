"""Results for people (a table) and for programs (JSON)."""

import json
import platform
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from .harness import Result


def show(results: Iterable[Result], console: Console) -> None:
    """A line for each comparison; a ratio over 1 says that ours is better."""
    table = Table(title="Quarterjack, measured", title_justify="left")
    for heading in ("scenario", "ours", "unit", "beside", "theirs", "ratio"):
        numeric = heading in ("ours", "theirs", "ratio")
        table.add_column(heading, justify="right" if numeric else "left")
    for result in results:
        scenario = result.scenario
        for number, (name, figure) in enumerate(result.others.items()):
            first = number == 0
            good = not first or result.holds
            table.add_row(
                scenario.name if first else "",
                _figure(result.ours) if first else "",
                scenario.unit,
                name,
                _figure(figure),
                f"[{'green' if good else 'red'}]{result.ratios[name]:.2f}",
            )
    console.print(table)


def write_json(results: Sequence[Result], path: Path) -> None:
    """All figures, with what they were measured on."""
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "scenarios": {
            result.scenario.name: {
                "unit": result.scenario.unit,
                "higherIsBetter": result.scenario.higher_is_better,
                "ours": result.ours,
                "others": result.others,
                "ratios": result.ratios,
                "floor": result.scenario.floor,
                "holds": result.holds,
            }
            for result in results
        },
    }
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"
