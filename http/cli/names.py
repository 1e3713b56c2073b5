"""What a user has typed, as an id: ids as they are, and names where they are unambiguous.

For schedules and workflows: the id; else the exact name; else the one whose name is that in other
letters (capital or small); else the one whose name or id begins so. For executions: the id, `last`, or
the beginning of an id among the newest.
What fits several raises with their ids, what fits none with what looks like it (`ClientError`).
"""

from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from quarterjack.storage import NotFound
from quarterjack.storage.queries import ExecutionFilter, PageRequest, ScheduleFilter

from .exit_codes import ExitCode
from .failure import ClientError

if TYPE_CHECKING:
    from ..client import Client
    from ..shapes.executions import Execution

LAST: Final = "last"
SHORTEST_BEGINNING: Final = 8
"""Characters of an execution's id."""
_NEWEST: Final = 1_000
_LOOKED_THROUGH: Final = 2_000
_PAGE: Final = 500
_SHOWN: Final = 10
_ALIKE: Final = 0.6
_NEAR: Final = 3


class Named(NamedTuple):
    """Something with an id and a name."""

    id: str
    name: str

    def __str__(self) -> str:
        return self.id if self.name == self.id else f"{self.name!r} ({self.id})"


def schedule_id(client: "Client", text: str) -> str:
    """The id of the schedule that is meant."""
    if _is_there(lambda: client.get_schedule(text).get()):
        return text

    def alike(part: str, most: int | None = None) -> list[Named]:
        found = client.list_schedules(ScheduleFilter(text=part), PageRequest(_PAGE)).all()
        return [Named(each.id, each.name) for each in islice(found, most)]

    return _chosen("schedule", text, alike(text), lambda: alike("", _LOOKED_THROUGH)).id


def workflow_id(client: "Client", text: str) -> str:
    """The id of the workflow that is meant."""
    if _is_there(lambda: client.get_workflow(text).get()):
        return text
    found = client.list_workflows(PageRequest(_PAGE)).all()
    known = [Named(each.id, each.id) for each in found]
    return _chosen("workflow", text, known, lambda: known).id


def execution_id(client: "Client", text: str, wanted: ExecutionFilter = ExecutionFilter()) -> str:
    """The id of the execution that is meant; `wanted` says of which schedule or status `last` is."""
    if text == LAST:
        newest = client.list_executions(wanted, PageRequest(1)).get().items
        if not newest:
            raise ClientError("there is no execution yet", ExitCode.NOT_FOUND)
        return newest[0].id
    if _is_there(lambda: client.get_execution(text).get()):
        return text
    if len(text) < SHORTEST_BEGINNING:
        raise ClientError(
            f"there is no execution {text!r}; give {LAST}, its id, or at least the first "
            f"{SHORTEST_BEGINNING} characters of it",
            ExitCode.NOT_FOUND,
        )
    listed = client.list_executions(ExecutionFilter(), PageRequest(_PAGE)).all()
    begin_so = [each for each in islice(listed, _NEWEST) if _begins(each.id, text)]
    if len(begin_so) > 1:
        raise _ambiguous(text, [Named(each.id, _execution_words(each)) for each in begin_so])
    if not begin_so:
        told = f"there is no execution {text!r}, and none of the newest {_NEWEST:,} begins so"
        raise ClientError(f"{told}; `quarterjack executions` lists them", ExitCode.NOT_FOUND)
    return begin_so[0].id


def near(text: str, known: Iterable[Named]) -> list[Named]:
    """Those whose name or id looks like it, the nearest first.

    >>> near("nighlty", [Named("sch_1", "Weekly report"), Named("sch_2", "Nightly report")])
    [Named(id='sch_2', name='Nightly report')]
    """
    rated = [(_likeness(text.casefold(), each), at, each) for at, each in enumerate(known)]
    best = sorted((-likeness, at, each) for likeness, at, each in rated if likeness >= _ALIKE)
    return [each for _, _, each in best[:_NEAR]]


def _chosen(
    kind: str, text: str, alike: Sequence[Named], others: Callable[[], Iterable[Named]]
) -> Named:
    small = text.casefold()
    rules: tuple[Callable[[Named], bool], ...] = (
        lambda each: each.name == text,
        lambda each: each.name.casefold() == small,
        lambda each: each.name.casefold().startswith(small) or each.id.startswith(text),
    )
    for fits in rules:
        found = [each for each in alike if text and fits(each)]
        if len(found) == 1:
            return found[0]
        if found:
            raise _ambiguous(text, found)
    told = f"there is no {kind} {text!r}"
    if guesses := near(text, others()):
        told += f"; did you mean {' or '.join(map(str, guesses))}?"
    else:
        told += f"; `quarterjack {kind}s` lists them"
    raise ClientError(told, ExitCode.NOT_FOUND)


def _ambiguous(text: str, found: Sequence[Named]) -> ClientError:
    lines = [f"{text!r} could be any of these; give the id:"]
    lines += [f"  {each.id}  {each.name}".rstrip() for each in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"  and {len(found) - _SHOWN:,} more")
    return ClientError("\n".join(lines), ExitCode.USAGE)


def _is_there(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except NotFound:
        return False
    return True


def _begins(key: str, text: str) -> bool:
    return key.startswith(text) or key.partition("_")[2].startswith(text)


def _execution_words(found: "Execution") -> str:
    return f"{found.workflow_id}, {found.status.value}"


def _likeness(small: str, known: Named) -> float:
    name = known.name.casefold()
    parts = {name, name[: len(small)], *name.split(), known.id.casefold()}
    return max(SequenceMatcher(None, small, part).ratio() for part in parts)
