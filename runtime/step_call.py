"""Calling a step's function: arguments from parameters and results, the outcome as a report.

Whatever the function does (also `SystemExit`) becomes a report; nothing is raised here.
"""

import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

from quarterjack.actors.runner import StepProgressed, StepRaised, StepReport, StepReturned, StepTask
from quarterjack.storage import Failure, NotPlainData
from quarterjack.storage.plain_data import pack, unpack

from .step_context import StepContext

_LONGEST_TEXT = 16_384


def arguments(
    task: StepTask, cancelled: threading.Event, report: Callable[[StepReport], None]
) -> dict[str, Any]:
    """What the function is called with, by parameter name."""

    def progressed(progress: Any) -> None:
        report(StepProgressed(task.key, progress))

    found: dict[str, Any] = {}
    for parameter in task.step.parameters:
        name = parameter.name
        if name == "ctx":
            found[name] = StepContext(task, cancelled, progressed)
        elif name in task.results:
            found[name] = unpack(task.results[name])
        elif name in task.params:
            found[name] = task.params[name]
    return found


def returned(task: StepTask, value: Any) -> StepReport:
    """The report of a function that returned."""
    try:
        return StepReturned(task.key, pack(value, root=f"the result of {task.key.step}"))
    except NotPlainData as error:
        return StepRaised(task.key, Failure(type(error).__name__, str(error)))
    except BaseException as error:  # an object may do anything when it is looked at
        return raised(task, error)


def raised(task: StepTask, error: BaseException) -> StepReport:
    """The report of a function that raised."""
    return StepRaised(task.key, failure_of(error))


def failure_of(error: BaseException) -> Failure:
    """An exception as plain text, cut to 16 KiB each."""
    try:
        message = str(error)
    except BaseException as worse:
        message = f"(its text can't be read: {type(worse).__name__})"
    try:
        trace = "".join(traceback.format_exception(type(error), error, _own_frames(error)))
    except BaseException:
        trace = "".join(traceback.format_tb(error.__traceback__))
    return Failure(type(error).__name__, _cut(message), _cut(trace))


def _own_frames(error: BaseException) -> TracebackType | None:
    """The traceback from the step's function on: the first frame is the runner's."""
    trace = error.__traceback__
    return trace if trace is None or trace.tb_next is None else trace.tb_next


def _cut(text: str) -> str:
    text = text.encode(errors="replace").decode()
    if len(text) <= _LONGEST_TEXT:
        return text
    half = _LONGEST_TEXT // 2
    return f"{text[:half]}\n… {len(text) - 2 * half:,} characters left out …\n{text[-half:]}"
