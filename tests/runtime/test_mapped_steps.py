"""Fan-out over a list: order, bound, failures, retries; on a virtual clock."""

import threading
from typing import Any

import pytest
from one_run import run_once, statuses

from quarterjack.runtime import Retry, Runtime, Settings, StepContext, Workflow
from quarterjack.runtime.testing import VirtualRuntime


def _squares(**options: Any) -> tuple[Workflow, list[Any]]:
    flow, calls = Workflow("squares"), list[Any]()

    @flow.step
    def numbers(count: int) -> list[int]:
        return list(range(count))

    @flow.step(map={"number": "numbers"}, **options)
    def square(number: int, ctx: StepContext, power: int = 2) -> int:
        calls.append((number, ctx.item, ctx.step, ctx.idempotency_key))
        return int(number**power)

    @flow.step
    def total(square: list[int]) -> int:
        return sum(square)

    return flow, calls


def test_each_item_is_a_call_and_results_keep_the_order() -> None:
    flow, calls = _squares()

    found = run_once(flow, count=5)

    assert found.execution.result == 30
    assert {step.name: step.result for step in found.steps}["square"] == [0, 1, 4, 9, 16]
    assert [(number, item, step) for number, item, step, _ in calls] == [
        (number, number, "square") for number in range(5)
    ]
    assert len({key for *_, key in calls}) == 5
    assert [item.name for item in found.items["square"]] == [f"square[{n}]" for n in range(5)]
    assert found.depends_on["square"] == ("numbers",)


def test_an_empty_list_gives_an_empty_list() -> None:
    flow, calls = _squares()

    found = run_once(flow, count=0)

    assert (found.execution.result, calls) == (0, [])
    assert set(statuses(found).values()) == {"succeeded"}


def test_a_list_can_be_a_parameter_of_the_run() -> None:
    flow = Workflow("flow")

    @flow.step(map={"word": "words"})
    def shout(word: str) -> str:
        return word.upper()

    assert run_once(flow, words=["a", "b"]).execution.result == ["A", "B"]


def test_a_thousand_items_come_to_one_result() -> None:
    flow, _ = _squares()

    found = run_once(flow, count=1_000)

    assert found.execution.result == sum(number**2 for number in range(1_000))
    assert len(found.items["square"]) == 1_000


def test_no_more_items_run_at_once_than_allowed() -> None:
    flow, most, lock = Workflow("flow"), [0, 0], threading.Lock()
    barrier = threading.Barrier(3)

    @flow.step(map={"number": "numbers"}, concurrency=3)
    def work(number: int) -> int:
        with lock:
            most[0] += 1
            most[1] = max(most)
        barrier.wait(timeout=10)  # so three do run at once
        with lock:
            most[0] -= 1
        return number

    with Runtime(workflows=[flow], settings=Settings.of(threads=20)) as runtime:
        key = runtime.run("flow", params={"numbers": list(range(12))}).get()
        ended = runtime.wait_for(key).get(timeout=20)

    assert ended.result == list(range(12))
    assert most[1] == 3


def test_an_item_is_tried_again_alone() -> None:
    flow, calls = Workflow("flow"), list[tuple[int, int]]()

    @flow.step(map={"number": "numbers"}, retry=Retry(attempts=2, backoff="1s"))
    def work(number: int, ctx: StepContext) -> int:
        calls.append((number, ctx.attempt))
        if number == 1 and ctx.attempt == 1:
            raise ConnectionError("not yet")
        return number

    assert run_once(flow, numbers=[0, 1, 2]).execution.result == [0, 1, 2]
    assert calls == [(0, 1), (1, 1), (2, 1), (1, 2)]


def test_a_bad_item_fails_the_step_after_the_others_are_done() -> None:
    flow, done = Workflow("flow"), list[int]()

    @flow.step(map={"number": "numbers"}, concurrency=1)
    def work(number: int) -> int:
        if number in (1, 3):
            raise ValueError(f"{number} is odd")
        done.append(number)
        return number

    found = run_once(flow, numbers=[0, 1, 2, 3])

    assert done == [0, 2]
    assert found.execution.error is not None
    assert found.execution.error.type == "ValueError"
    assert found.execution.error.message == ("2 of 4 items failed; the first, work[1]: 1 is odd")
    assert [item.status.value for item in found.items["work"]] == [
        "succeeded",
        "failed",
        "succeeded",
        "failed",
    ]


def test_items_that_are_not_wanted_leave_a_gap() -> None:
    flow = Workflow("flow")

    @flow.step(map={"number": "numbers"}, when=lambda number: number % 2 == 0)
    def even(number: int) -> int:
        return number * 10

    assert run_once(flow, numbers=[0, 1, 2]).execution.result == [0, None, 20]


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        pytest.param("abc", "which must be a list, but is a str", id="no list"),
        pytest.param([0] * 10_001, "10,001 items; a map takes 10,000 at most", id="too many"),
    ],
)
def test_what_can_not_be_mapped_fails_the_step(numbers: Any, told: str) -> None:
    flow = Workflow("flow")

    @flow.step(map={"number": "numbers"})
    def work(number: int) -> int:
        return number

    found = run_once(flow, numbers=numbers)

    assert found.execution.status == "failed"
    assert found.execution.error is not None
    assert told in found.execution.error.message


def test_results_that_are_too_large_together_fail_the_step() -> None:
    flow = Workflow("flow")

    @flow.step(map={"number": "numbers"})
    def work(number: int) -> str:
        return "x" * 600

    with VirtualRuntime(workflows=[flow], settings=Settings.of(max_result=1_000)) as runtime:
        key = runtime.run("flow", params={"numbers": [1, 2]}).get()
        ended = runtime.wait_for(key).get()

    assert ended.error is not None
    assert "the results of work: 1,207 bytes" in ended.error.message
    assert "keep it in a file" in ended.error.message


def test_finished_items_are_not_run_again_after_a_crash_of_the_actor() -> None:
    flow, calls = Workflow("flow"), list[int]()

    @flow.step(map={"number": "numbers"}, concurrency=1, retry=Retry(attempts=2, backoff="1s"))
    def work(number: int, ctx: StepContext) -> int:
        calls.append(number)
        if number == 2 and ctx.attempt == 1:
            raise ConnectionError("not yet")
        return number

    with VirtualRuntime(workflows=[flow]) as runtime:
        key = runtime.run("flow", params={"numbers": [0, 1, 2, 3]}).get()
        runtime.settle()
        runtime.crash(f"executions/{key}")
        ended = runtime.wait_for(key).get()

    assert ended.result == [0, 1, 2, 3]
    assert calls == [0, 1, 2, 2, 3]


def test_items_may_be_as_large_as_a_result() -> None:
    flow = Workflow("flow")

    @flow.step
    def texts() -> list[str]:
        return ["x" * 1_500_000, "x"]

    @flow.step(map={"text": "texts"})
    def size(text: str) -> int:
        return len(text)

    with VirtualRuntime(workflows=[flow], settings=Settings.of(max_result="2MB")) as runtime:
        ended = runtime.wait_for(runtime.run("flow").get()).get()

    assert ended.result == [1_500_000, 1]
