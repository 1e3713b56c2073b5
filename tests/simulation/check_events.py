"""Events: numbered without a hole, in the order of life, in agreement with what is stored."""

from collections import defaultdict
from collections.abc import Iterator

from tests.simulation.driver import Record
from tests.simulation.evidence import EventRow, Evidence

_ENDS = {
    "workflow.completed": {"succeeded"},
    "workflow.failed": {"failed"},
    "workflow.timedOut": {"timedOut"},
    "workflow.cancelled": {"cancelled"},
}
_STEP_ENDS = ("workflow.step.completed", "workflow.step.failed", "workflow.step.skipped")


def check_events(evidence: Evidence, record: Record, heard: int) -> Iterator[str]:
    """Sentences about what is wrong."""
    numbers = [event.seq for event in evidence.events]
    if numbers != list(range(1, len(numbers) + 1)):
        yield "the numbers of the events have a hole"
    if heard != len(numbers):
        yield f"the client has heard {heard} of {len(numbers)} events"
    by_execution: defaultdict[str, list[EventRow]] = defaultdict(list)
    for event in evidence.events:
        if event.execution is not None:
            by_execution[event.execution].append(event)
    for key, execution in evidence.executions.items():
        for problem in _of_execution(by_execution[key], execution.status):
            yield f"{key} ({execution.status}): {problem}"
    for key in by_execution.keys() - evidence.executions.keys():
        yield f"events tell of {key}, which is not stored"
    yield from _of_schedules(evidence)


def _of_execution(events: list[EventRow], status: str) -> Iterator[str]:
    kinds = [event.type for event in events if event.type.startswith("workflow.")]
    ends = [kind for kind in kinds if kind in _ENDS]
    if len(ends) != 1 or status not in _ENDS[ends[0]]:
        yield f"it ended with {ends}"
    elif kinds[-1] != ends[0]:
        yield f"{kinds[-1]} came after {ends[0]}"
    if kinds.count("workflow.started") > 1:
        yield "it began more than once"
    if "workflow.started" in kinds and kinds[0] != "workflow.started":
        yield f"{kinds[0]} came before its begin"
    ended: set[str] = set()
    for event in events:
        step = event.data.get("step")
        if event.type.startswith("workflow.step.") and step in ended:
            yield f"{event.type} of {step} came after its end"
        if event.type in _STEP_ENDS and step is not None:
            ended.add(step)


def _of_schedules(evidence: Evidence) -> Iterator[str]:
    told = [event.execution for event in evidence.events if event.type == "schedule.triggered"]
    if len(told) != len(set(told)):
        yield "an execution was triggered more than once"
    for key, execution in evidence.executions.items():
        if execution.schedule is not None and execution.retry_of is None and key not in told:
            yield f"nobody was told that {key} was triggered"
