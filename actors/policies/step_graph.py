"""The order of steps: which depends on which, what can run next. Cycles and unknown names are refused.

Pure: names in, names out.
"""

from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter


class GraphError(Exception):
    """The steps depend on each other in a circle; `circle` begins and ends with the same step."""

    def __init__(self, circle: list[str]) -> None:
        self.circle = circle
        super().__init__(f"the steps depend on each other in a circle: {' → '.join(circle)}")


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


def ready(
    depends_on: Mapping[str, Collection[str]], *, begun: Collection[str], done: Collection[str]
) -> Iterator[str]:
    """The steps that have not begun and whose dependencies are all done, in the order of definition.

    >>> list(ready({"a": [], "b": ["a"], "c": ["a"]}, begun=["a"], done=["a"]))
    ['b', 'c']
    """
    for name, needs in depends_on.items():
        if name not in begun and all(need in done for need in needs):
            yield name


def sinks(depends_on: Mapping[str, Collection[str]]) -> list[str]:
    """The steps that no other step depends on: their results are the workflow's.

    >>> sinks({"a": [], "b": ["a"]})
    ['b']
    """
    needed = {need for needs in depends_on.values() for need in needs}
    return [name for name in depends_on if name not in needed]
