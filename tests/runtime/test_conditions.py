"""Steps that run only when they are wanted, or also when others failed."""

from typing import Any

import pytest
from one_run import run_once, statuses

from quarterjack.runtime import StepContext, Workflow
from quarterjack.runtime.testing import VirtualRuntime


def _sales() -> Workflow:
    sales = Workflow("sales")

    @sales.step
    def count(orders: int) -> int:
        return orders

    @sales.step(when=lambda count: count > 100)
    def discount(count: int) -> int:
        return count // 10

    @sales.step
    def invoice(count: int, discount: int = 0) -> int:
        return count - discount

    @sales.step
    def thank(discount: int) -> str:
        return f"{discount} saved"

    return sales


def test_a_step_runs_when_its_condition_holds() -> None:
    found = run_once(_sales(), orders=200)

    assert found.execution.result == {"invoice": 180, "thank": "20 saved"}
    assert set(statuses(found).values()) == {"succeeded"}


def test_a_step_that_is_not_wanted_takes_along_those_that_need_its_result() -> None:
    found = run_once(_sales(), orders=50)

    assert statuses(found) == {
        "count": "succeeded",
        "discount": "skipped",
        "invoice": "succeeded",
        "thank": "skipped",
    }
    assert found.execution.result == {"invoice": 50, "thank": None}
    assert found.execution.status == "succeeded"


def test_a_skip_is_told() -> None:
    with VirtualRuntime(workflows=[_sales()]) as runtime:
        key = runtime.run("sales", params={"orders": 1}).get()
        runtime.wait_for(key).get()
        told = [
            (event.type, event.data.get("step"))
            for event in runtime.events(0).get()
            if "step" in event.type
        ]

    assert ("workflow.step.skipped", "discount") in told
    assert ("workflow.step.completed", "discount") not in told


def test_a_condition_that_raises_fails_its_step() -> None:
    flow = Workflow("flow")

    @flow.step(when=lambda size: 1 / size > 0)
    def work(size: int) -> int:
        return size

    found = run_once(flow, size=0)

    assert found.execution.error is not None
    assert found.execution.error.type == "ZeroDivisionError"


def _tidy(fails: bool) -> tuple[Workflow, list[Any]]:
    flow, seen = Workflow("flow"), list[Any]()

    @flow.step
    def work() -> int:
        if fails:
            raise LookupError("nothing there")
        return 1

    @flow.step
    def more(work: int) -> int:
        return work + 1

    @flow.step(run_if="always")
    def tidy(more: int, ctx: StepContext, extra: int = 7) -> None:
        seen.append(("tidy", more, {name: each.type for name, each in ctx.failures.items()}))

    @flow.step(run_if="on_failure", after=("more",))
    def tell(ctx: StepContext) -> None:
        seen.append(("tell", [each.message for each in ctx.failures.values()]))

    return flow, seen


def test_tidying_up_runs_after_success() -> None:
    flow, seen = _tidy(fails=False)

    found = run_once(flow)

    assert seen == [("tidy", 2, {})]
    assert statuses(found)["tell"] == "skipped"
    assert found.execution.result == 2, "what tidies up gives no result"


def test_tidying_up_runs_after_a_failure_that_stays_one() -> None:
    flow, seen = _tidy(fails=True)

    found = run_once(flow)

    assert seen == [("tidy", None, {"work": "LookupError"}), ("tell", ["nothing there"])]
    assert statuses(found) == {
        "work": "failed",
        "more": "skipped",
        "tidy": "succeeded",
        "tell": "succeeded",
    }
    assert found.execution.status == "failed"
    assert found.execution.error is not None
    assert found.execution.error.type == "LookupError"


def _handled(**options: Any) -> tuple[Workflow, list[Any]]:
    flow, seen = Workflow("flow"), list[Any]()

    @flow.step
    def first() -> str:
        return "done"

    @flow.step
    def work(size: int = 1) -> float:
        return 1 / size

    @flow.on_failure(**options)
    def alert(first: str, work: float, ctx: StepContext, size: int = 1) -> None:
        seen.append((first, work, size, sorted(ctx.failures)))
        if size == 0 and options:
            raise RuntimeError("no mail today")

    return flow, seen


def test_the_failure_handler_runs_once_when_something_failed() -> None:
    flow, seen = _handled()

    found = run_once(flow, size=0)

    assert seen == [("done", None, 0, ["work"])]
    assert found.execution.status == "failed"
    assert statuses(found) == {"first": "succeeded", "work": "failed", "alert": "succeeded"}


def test_the_failure_handler_does_not_run_when_all_went_well() -> None:
    flow, seen = _handled()

    found = run_once(flow)

    assert seen == []
    assert found.execution.result == {"first": "done", "work": 1.0}
    assert statuses(found)["alert"] == "skipped"


def test_a_failure_handler_that_fails_does_not_hide_the_failure() -> None:
    flow, seen = _handled(timeout="5s")

    found = run_once(flow, size=0)

    assert len(seen) == 1
    assert found.execution.error is not None
    assert found.execution.error.type == "ZeroDivisionError"
    assert statuses(found)["alert"] == "failed"


@pytest.mark.parametrize("size", [0, 1])
def test_conditions_are_shown_with_the_definition(size: int) -> None:
    flow, _ = _handled()

    assert flow.failure_handler is flow.steps["alert"]
    assert flow.depends_on["alert"] == ("first", "work")
    assert dict(flow.run_parameters) == {"size": False}
