"""`python -m perf [NAME…] [--smoke] [--repeat N] [--json FILE]`."""

import sys
from pathlib import Path

import click
from rich.console import Console

from .compare import show, write_json
from .harness import Result, Size, run
from .scenarios import SCENARIOS

_FULL, _SMOKE = Size(1.0), Size(0.05)
_NAMES = "\b\n" + "\n".join(f"{each.name:<14} {each.question}" for each in SCENARIOS.values())


@click.command(help=f"Measure Quarterjack beside its peers and the raw limits.\n\n{_NAMES}")
@click.argument("names", nargs=-1, type=click.Choice(list(SCENARIOS)))
@click.option("--smoke", is_flag=True, help="A short run of each, once.")
@click.option("--repeat", default=3, type=click.IntRange(1, 100), show_default=True)
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path))
def main(names: tuple[str, ...], *, smoke: bool, repeat: int, file: Path | None) -> None:
    """Exit code 1 when a ratio is under its floor."""
    console = Console()
    results: list[Result] = []
    for name in names or tuple(SCENARIOS):
        console.print(f"measuring {name} …", style="dim", highlight=False)
        size, repetitions = (_SMOKE, 1) if smoke else (_FULL, repeat)
        results.append(run(SCENARIOS[name], size, repetitions))
    show(results, console)
    if file is not None:
        write_json(results, file)
    sys.exit(0 if all(result.holds for result in results) else 1)


if __name__ == "__main__":
    main(prog_name="python -m perf")
