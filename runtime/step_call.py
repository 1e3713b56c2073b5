"""Calling a step's function: arguments from parameters and results, the outcome as a report.

Whatever the function does (also `SystemExit`) becomes a report; nothing is raised here.
"""

import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import TracebackType
from typing import Any

from quarterjack.actors.runner import (
    StepEnd,
    StepRaised,
    StepReport,
    StepReturned,
    StepSkipped,
    StepTask,
)
from quarterjack.actors.secret import Secret
from quarterjack.actors.step import Parameter
from quarterjack.storage import Failure, NotPlainData
from quarterjack.storage.plain_data import pack, unpack

from .logs import log_fields
from .step_context import StepContext
from .vault.scrubber import Scrubber

_LONGEST_TEXT = 16_384
_CANCELLED = Failure("Cancelled", "it was cancelled while it ran; what it returned is not kept")


class StepCall:
    """One call of a step's function, and of its `when` before that; on the step's own thread."""

    def __init__(
        self, task: StepTask, cancelled: threading.Event, report: Callable[[StepReport], None]
    ) -> None:
        self._task = task = with_secrets(task)
        self._cancelled = cancelled
        self._context = StepContext(task, cancelled, report)

    def run(self) -> StepEnd:
        """Call a plain function; how it ended."""
        task = self._task
        try:
            with log_fields(**self._about()):
                if not self._is_wanted():
                    return StepSkipped(task.key)
                value = task.step.function(**self._arguments(task.step.parameters))
        except BaseException as error:
            return raised(task, error)
        return self._returned(value)

    async def run_coroutine(self) -> StepEnd:
        """Call an `async def`; how it ended."""
        task = self._task
        try:
            with log_fields(**self._about()):
                if not self._is_wanted():
                    return StepSkipped(task.key)
                value = await task.step.function(**self._arguments(task.step.parameters))
        except BaseException as error:
            return raised(task, error)
        return self._returned(value)

    def _returned(self, value: Any) -> StepEnd:
        """What a cancelled step returns may be half of its work, so it is no result."""
        if self._cancelled.is_set():
            return StepRaised(self._task.key, _CANCELLED, (_CANCELLED.type,))
        return returned(self._task, value)

    def _about(self) -> dict[str, Any]:
        """What the step's log lines are about."""
        task = self._task
        return {
            "workflowId": task.workflow_id,
            "scheduleId": task.schedule_id,
            "executionId": task.key.execution_id,
            "step": task.key.step,
            "attempt": task.key.number,
        }

    def _is_wanted(self) -> bool:
        step = self._task.step
        return step.when is None or bool(step.when(**self._arguments(step.when_parameters)))

    def _arguments(self, parameters: Iterable[Parameter]) -> dict[str, Any]:
        """What a function is called with, by parameter name."""
        task, found = self._task, dict[str, Any]()
        for parameter in parameters:
            name = parameter.name
            if name == "ctx":
                found[name] = self._context
            elif name in task.results:
                found[name] = unpack(task.results[name])
            elif parameter.source in task.params:
                found[name] = task.params[parameter.source]
        return found


def with_secrets(task: StepTask) -> StepTask:
    """The task, with what its secrets are in their places."""
    if not task.secrets:
        return task
    params = dict(task.params)
    for (name, *inner), text in task.secrets:
        secret = Secret(text)
        params[name] = {**params[name], inner[0]: secret} if inner else secret
    return replace(task, params=params)


def returned(task: StepTask, value: Any) -> StepEnd:
    """The report of a function that returned; its secrets are taken out of what it returned."""
    scrubber = Scrubber.of(task)
    try:
        root = f"the result of {task.key.step}"
        packed = pack(value, root=root, largest=task.result_limit)
        if scrubber is not None:
            packed = pack(scrubber.data(unpack(packed)), root=root, largest=task.result_limit)
        return StepReturned(task.key, packed)
    except NotPlainData as error:
        text = str(error) if scrubber is None else scrubber.text(str(error))
        return StepRaised(task.key, Failure(type(error).__name__, text), kinds_of(error))
    except BaseException as error:  # an object may do anything when it is looked at
        return raised(task, error)


def raised(task: StepTask, error: BaseException) -> StepRaised:
    """The report of a function that raised."""
    return StepRaised(task.key, failure_of(error, Scrubber.of(task)), kinds_of(error))


def kinds_of(error: BaseException) -> tuple[str, ...]:
    """The names of its class and of those that it is derived from.

    >>> kinds_of(KeyError())
    ('KeyError', 'LookupError', 'Exception', 'BaseException')
    """
    return tuple(each.__name__ for each in type(error).__mro__ if each is not object)


def failure_of(error: BaseException, scrubber: Scrubber | None = None) -> Failure:
    """An exception as plain text, without secrets, cut to 16 KiB each."""
    try:
        message = str(error)
    except BaseException as worse:
        message = f"(its text can't be read: {type(worse).__name__})"
    try:
        trace = "".join(traceback.format_exception(type(error), error, _own_frames(error)))
    except BaseException:
        trace = "".join(traceback.format_tb(error.__traceback__))
    if scrubber is not None:
        message, trace = scrubber.text(message), scrubber.text(trace)
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
