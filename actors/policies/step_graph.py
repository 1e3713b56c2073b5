"""The order of steps: which depends on which, what can begin now, what can't begin any more. Pure."""

from collections.abc import Collection, Iterator, Mapping
from enum import Enum, StrEnum, auto
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple


class GraphError(Exception):
    """The steps depend on each other in a circle; `circle` begins and ends with the same step."""

    def __init__(self, circle: list[str]) -> None:
        self.circle = circle
        super().__init__(f"the steps depend on each other in a circle: {' → '.join(circle)}")


class RunIf(StrEnum):
    """When a step begins: after which fate of those that it depends on."""

    SUCCESS = "success"
    """All have succeeded."""
    ALWAYS = "always"
    """All have ended, whatever came of them."""
    ON_FAILURE = "on_failure"
    """All have ended, and one of them, or one before them, has failed."""


class Node(NamedTuple):
    """A step in the graph."""

    needs: tuple[str, ...] = ()
    required: frozenset[str] = frozenset()
    """Those of its needs without whose value it can't run: if one is skipped, so is this one."""
    run_if: RunIf = RunIf.SUCCESS


class Fate(Enum):
    """What can be said of a step now."""

    READY = auto()
    """It has not begun, and can."""
    OPEN = auto()
    """It has begun and not ended, or waits for others."""
    DONE = auto()
    SKIPPED = auto()
    """It was not wanted, and nothing has failed."""
    FAILED = auto()
    """It has failed, or can't begin because something before it has."""


_ENDED = (Fate.DONE, Fate.SKIPPED, Fate.FAILED)


def check_acyclic(depends_on: Mapping[str, Collection[str]]) -> list[str]:
    """The steps in an order in which each comes after those that it depends on.

    Raises `GraphError` when there is none.

    >>> check_acyclic({"load": ["extract"], "extract": []})
    ['extract', 'load']
    """
    try:
        return list(TopologicalSorter(depends_on).static_order())
    except CycleError as error:
        raise GraphError(list(reversed(error.args[1]))) from None


def fates(graph: Mapping[str, Node], known: Mapping[str, Fate]) -> dict[str, Fate]:
    """The fate of every step, from those of the steps that have begun. `graph` has no circle.

    >>> graph = {"a": Node(), "b": Node(("a",)), "tidy": Node(("b",), run_if=RunIf.ALWAYS)}
    >>> [fate.name for fate in fates(graph, {"a": Fate.FAILED}).values()]
    ['FAILED', 'FAILED', 'READY']
    """
    found = {**known}
    for name in graph:
        _settle(graph, name, found)
    return {name: found[name] for name in graph}


def repeated(graph: Mapping[str, Node], known: Mapping[str, Fate]) -> set[str]:
    """The steps that are done, but not for a retry: a failure before them was why they ran, or no bar.

    Also those that go on from the result of such a step. What is done besides is kept.

    >>> graph = {"a": Node(), "b": Node(), "tidy": Node(("a", "b"), run_if=RunIf.ALWAYS)}
    >>> repeated(graph, {"a": Fate.FAILED, "b": Fate.DONE, "tidy": Fate.DONE})
    {'tidy'}
    """
    found = fates(graph, known)
    again: set[str] = set()
    for name in check_acyclic({name: node.needs for name, node in graph.items()}):
        before = graph[name].needs
        good = all(found[need] in (Fate.DONE, Fate.SKIPPED) for need in before)
        if found[name] is Fate.DONE and (not good or again.intersection(before)):
            again.add(name)
    return again


def sinks(graph: Mapping[str, Node]) -> list[str]:
    """The steps whose results are the workflow's: none that does its work depends on them.

    Steps that tidy up or tell of a failure are not counted, unless there are no others.

    >>> sinks({"a": Node(), "b": Node(("a",)), "tidy": Node(("b",), run_if=RunIf.ALWAYS)})
    ['b']
    """
    working = {name: node for name, node in graph.items() if node.run_if is RunIf.SUCCESS} or graph
    needed = {need for node in working.values() for need in node.needs}
    return [name for name in working if name not in needed]


def _settle(graph: Mapping[str, Node], start: str, found: dict[str, Fate]) -> None:
    """Decide a step after all those that it depends on, without recursion: graphs can be deep."""
    path = [start]
    while path:
        name = path[-1]
        if name in found:
            path.pop()
        elif undecided := [need for need in graph[name].needs if need not in found]:
            path.extend(undecided)
        else:
            found[name] = _fate(graph[name], found)


def _fate(node: Node, found: Mapping[str, Fate]) -> Fate:
    before = set(_of(node.needs, found))
    if node.run_if is RunIf.SUCCESS and Fate.FAILED in before:
        return Fate.FAILED
    if not before <= set(_ENDED):
        return Fate.OPEN
    if node.run_if is RunIf.ALWAYS:
        return Fate.READY
    if node.run_if is RunIf.ON_FAILURE:
        return Fate.READY if Fate.FAILED in before else Fate.SKIPPED
    return Fate.SKIPPED if Fate.SKIPPED in _of(node.required, found) else Fate.READY


def _of(names: Collection[str], found: Mapping[str, Fate]) -> Iterator[Fate]:
    return (found[name] for name in names)
