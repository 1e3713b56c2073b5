"""What can begin, and what can't any more, from the fates of the steps before."""

import pytest

from quarterjack.actors.policies.step_graph import (
    Fate,
    GraphError,
    Node,
    RunIf,
    check_acyclic,
    fates,
    repeated,
    sinks,
)

EDGES = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c"), "e": ()}
GRAPH = {name: Node(needs, frozenset(needs)) for name, needs in EDGES.items()}


def ready(graph: dict[str, Node], **known: Fate) -> list[str]:
    return [name for name, fate in fates(graph, known).items() if fate is Fate.READY]


def test_what_is_ready_is_what_waits_for_nothing() -> None:
    assert ready(GRAPH) == ["a", "e"]
    assert ready(GRAPH, a=Fate.DONE, e=Fate.OPEN) == ["b", "c"]
    assert ready(GRAPH, a=Fate.DONE, b=Fate.DONE, c=Fate.OPEN, e=Fate.OPEN) == []


def test_a_failure_reaches_all_that_come_after_it() -> None:
    assert fates(GRAPH, {"b": Fate.FAILED, "a": Fate.DONE, "c": Fate.OPEN, "e": Fate.DONE}) == {
        "a": Fate.DONE,
        "b": Fate.FAILED,
        "c": Fate.OPEN,
        "d": Fate.FAILED,
        "e": Fate.DONE,
    }


@pytest.mark.parametrize(
    ("before", "always", "on_failure"),
    [
        pytest.param(Fate.DONE, Fate.READY, Fate.SKIPPED, id="succeeded"),
        pytest.param(Fate.SKIPPED, Fate.READY, Fate.SKIPPED, id="skipped"),
        pytest.param(Fate.FAILED, Fate.READY, Fate.READY, id="failed"),
        pytest.param(Fate.OPEN, Fate.OPEN, Fate.OPEN, id="open"),
    ],
)
def test_steps_that_tidy_up_wait_for_the_end_of_others(
    before: Fate, always: Fate, on_failure: Fate
) -> None:
    graph = {
        "work": Node(),
        "more": Node(("work",)),
        "tidy": Node(("more",), run_if=RunIf.ALWAYS),
        "tell": Node(("more",), run_if=RunIf.ON_FAILURE),
    }
    known = {"work": Fate.DONE, "more": before}

    found = fates(graph, known)

    assert (found["tidy"], found["tell"]) == (always, on_failure)


@pytest.mark.parametrize(
    ("required", "fate"),
    [
        pytest.param(frozenset({"maybe"}), Fate.SKIPPED, id="its value is wanted"),
        pytest.param(frozenset(), Fate.READY, id="it can do without"),
    ],
)
def test_a_skipped_step_takes_along_those_that_need_its_value(
    required: frozenset[str], fate: Fate
) -> None:
    graph = {"maybe": Node(), "then": Node(("maybe",), required)}

    assert fates(graph, {"maybe": Fate.SKIPPED})["then"] is fate


def test_a_chain_may_be_deeper_than_python_s_stack() -> None:
    names = [f"s{number}" for number in range(5_000)]
    graph = {
        name: Node((names[place + 1],) if place + 1 < len(names) else ())
        for place, name in enumerate(names)
    }

    assert ready(graph) == [names[-1]]


def test_the_last_steps_are_those_that_nobody_waits_for() -> None:
    tidy = {"tidy": Node(("d", "e"), run_if=RunIf.ALWAYS)}

    assert sinks(GRAPH) == ["d", "e"]
    assert sinks(GRAPH | tidy) == ["d", "e"]
    assert sinks(tidy | {"d": Node(run_if=RunIf.ALWAYS), "e": Node(run_if=RunIf.ALWAYS)}) == [
        "tidy"
    ]


def test_the_order_has_each_step_after_what_it_needs() -> None:
    order = check_acyclic(EDGES)

    assert sorted(order) == sorted(EDGES)
    assert all(order.index(need) < order.index(name) for name in EDGES for need in EDGES[name])


def test_a_circle_is_told_with_the_steps_in_it() -> None:
    with pytest.raises(GraphError, match="circle") as refused:
        check_acyclic({"a": ["b"], "b": ["c"], "c": ["a"], "d": []})
    assert set(refused.value.circle) == {"a", "b", "c"}
    assert refused.value.circle[0] == refused.value.circle[-1]


@pytest.mark.parametrize(
    ("known", "again"),
    [
        pytest.param({"work": Fate.FAILED}, {"tidy", "tell", "after"}, id="failed"),
        pytest.param({"other": Fate.FAILED}, {"tell"}, id="failed-beside-it"),
        pytest.param({"work": Fate.OPEN}, {"tidy", "tell", "after"}, id="was-stopped"),
        pytest.param({"work": Fate.SKIPPED, "other": Fate.FAILED}, {"tell"}, id="not-wanted"),
    ],
)
def test_a_retry_repeats_what_belongs_to_the_failure(
    known: dict[str, Fate], again: set[str]
) -> None:
    graph = {
        "work": Node(),
        "other": Node(),
        "tidy": Node(("work",), run_if=RunIf.ALWAYS),
        "after": Node(("tidy",), frozenset({"tidy"})),
        "tell": Node(("work", "other", "tidy", "after"), run_if=RunIf.ON_FAILURE),
    }

    assert repeated(graph, dict.fromkeys(graph, Fate.DONE) | known) == again
