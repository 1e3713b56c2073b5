"""Workflows as they are defined: steps, dependencies, and errors that name step and parameter."""

from collections.abc import Callable
from typing import Any

import pytest

from quarterjack.actors.workflow import Workflow, WorkflowDefinitionError
from quarterjack.actors.workflow_book import WorkflowBook
from quarterjack.storage import NotFound, Retry, WorkflowId


def test_a_parameter_named_like_a_step_is_the_dependency() -> None:
    flow = Workflow("flow", description="d")

    @flow.step
    def late(early: int, ctx: object, size: int, colour: str = "red") -> int:
        return early

    @flow.step(retry=Retry(attempts=2), timeout="30s", after=("other",))
    def early(size: int = 1) -> int:
        return size

    @flow.step(name="other")
    async def anything() -> None: ...

    assert dict(flow.depends_on) == {"late": ("early",), "early": ("other",), "other": ()}
    assert dict(flow.run_parameters) == {"size": True, "colour": False}
    assert flow.steps["late"].wants_context
    assert not flow.steps["early"].wants_context
    assert early(2) == 2
    assert repr(flow) == "<Workflow 'flow' with 3 steps>"


def test_what_is_wrong_with_parameters_is_told() -> None:
    flow = Workflow("flow")

    @flow.step
    def only(size: int, colour: str = "red") -> None: ...

    assert flow.check_params({"size": 1}) == []
    assert flow.check_params({"shape": 1}) == [
        ("size", "is required by workflow 'flow'"),
        ("shape", "is no parameter of workflow 'flow' (it has: size, colour)"),
    ]


def _define(function: Callable[..., Any], **options: Any) -> Callable[[Workflow], object]:
    def define(flow: Workflow) -> object:
        flow.step(**options)(function)
        return flow.depends_on

    return define


def variadic(*things: int) -> None: ...


def keywords(**things: int) -> None: ...


def positional(thing: int, /) -> None: ...


def itself(itself: int) -> None: ...


def plain() -> None: ...


async def coroutine() -> None: ...


@pytest.mark.parametrize(
    ("define", "step", "parameter", "told"),
    [
        pytest.param(_define(variadic), "variadic", "things", r"\*things", id="*args"),
        pytest.param(_define(keywords), "keywords", "things", r"\*\*things", id="**kwargs"),
        pytest.param(
            _define(positional), "positional", "thing", "positional-only", id="positional"
        ),
        pytest.param(_define(itself), "itself", "itself", "the step itself", id="itself"),
        pytest.param(
            _define(plain, name="no name"), "no name", None, "can't be a step's name", id="name"
        ),
        pytest.param(_define(plain, name="ctx"), "ctx", None, "can't be a step's", id="ctx"),
        pytest.param(
            _define(plain, name="a", runner="moon"), "a", None, "no runner 'moon'", id="runner"
        ),
        pytest.param(
            _define(plain, name="a", runner="async"), "a", None, "wants an async", id="not async"
        ),
        pytest.param(
            _define(coroutine, name="a", runner="thread"), "a", None, "not 'thread'", id="async"
        ),
        pytest.param(
            _define(coroutine, name="a", runner="inline"), "a", None, "not 'inline'", id="at once"
        ),
        pytest.param(_define(plain, name="a", memory="much"), "a", None, "is no size", id="size"),
        pytest.param(
            _define(plain, name="a", memory="5 kB"), "a", None, "must be 1 MB or more", id="small"
        ),
        pytest.param(
            _define(plain, name="a", timeout="soon"), "a", None, "timeout: ", id="timeout"
        ),
        pytest.param(_define(plain, name="a", timeout=0), "a", None, "longer than 0", id="no time"),
        pytest.param(
            _define(plain, name="a", after=("b",)), "a", "after", "no step", id="unknown after"
        ),
        pytest.param(lambda flow: flow.depends_on, None, None, "has no steps", id="empty"),
    ],
)
def test_a_wrong_definition_names_step_and_parameter(
    define: Callable[[Workflow], object], step: str | None, parameter: str | None, told: str
) -> None:
    with pytest.raises(WorkflowDefinitionError, match=told) as refused:
        define(Workflow("flow"))

    assert refused.value.workflow == "flow"
    assert refused.value.step == step
    assert refused.value.parameter == parameter
    assert str(refused.value).startswith("workflow 'flow'")
    assert step is None or f"step '{step}'" in str(refused.value)


def test_a_name_is_given_once() -> None:
    flow = Workflow("flow")
    flow.step(name="a")(plain)

    with pytest.raises(WorkflowDefinitionError, match="that name already") as refused:
        flow.step(name="a")(plain)
    assert refused.value.step == "a"


def test_a_circle_is_refused_where_it_closes() -> None:
    flow = Workflow("flow")

    @flow.step
    def one(two: int) -> int:
        return two

    with pytest.raises(WorkflowDefinitionError, match="circle") as refused:

        @flow.step
        def two(one: int) -> int:
            return one

    assert {refused.value.step, refused.value.parameter} == {"one", "two"}


@pytest.mark.parametrize("name", ["", "a b", "a/b", "-a", "é", "x" * 101])
def test_a_workflow_s_name_is_checked(name: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match="a name is 1 to 100"):
        Workflow(name)


def test_a_workflow_has_limits_of_its_own() -> None:
    limited, free = Workflow("a", max_concurrency=3, rate_limit="10/min"), Workflow("b")

    assert (limited.max_concurrency, str(limited.rate_limit)) == (3, "10/min")
    assert (free.max_concurrency, free.rate_limit) == (None, None)


@pytest.mark.parametrize(
    ("options", "parameter", "told"),
    [
        ({"max_concurrency": 0}, "max_concurrency", "must be 1 or more"),
        ({"max_concurrency": True}, "max_concurrency", "must be 1 or more"),
        ({"max_concurrency": "3"}, "max_concurrency", "must be 1 or more"),
        ({"rate_limit": "often"}, "rate_limit", "'often' is not a rate; write \"10/min\""),
        ({"rate_limit": "0/s"}, "rate_limit", "1 to 100,000 starts"),
    ],
)
def test_a_workflow_s_limits_are_checked(
    options: dict[str, Any], parameter: str, told: str
) -> None:
    with pytest.raises(WorkflowDefinitionError, match=told) as refused:
        Workflow("flow", **options)
    assert (refused.value.workflow, refused.value.parameter) == ("flow", parameter)


def _flow(name: str) -> Workflow:
    flow = Workflow(name)
    flow.step(name="a")(plain)
    return flow


def test_a_book_finds_workflows_by_their_id() -> None:
    one, two = _flow("one"), _flow("two")
    book = WorkflowBook([one, two])

    assert list(book) == ["one", "two"]
    assert len(book) == 2
    assert book.find(WorkflowId("two")) is two
    assert book.get(WorkflowId("three")) is None
    with pytest.raises(NotFound, match="three"):
        book.find(WorkflowId("three"))


def test_a_book_has_each_id_once_and_no_broken_workflow() -> None:
    with pytest.raises(WorkflowDefinitionError, match="one"):
        WorkflowBook([_flow("one"), _flow("one")])
    with pytest.raises(WorkflowDefinitionError, match="no steps"):
        WorkflowBook([Workflow("empty")])
