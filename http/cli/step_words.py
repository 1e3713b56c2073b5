"""What there is to say of a step and of an execution, in words: for views and for plain lines. Pure."""

from datetime import datetime
from typing import Final

from quarterjack.storage import StepStatus

from ..shapes.executions import ExecutionDetail, Step
from ..shapes.shape import Error
from .step_states import ENDED_STEPS, EXECUTIONS, STEPS, clock, span
from .terminal_text import shown

_LONGEST: Final = 300


def error_words(error: Error | None) -> str:
    """Its class and the first line of what it says, as a terminal may show it."""
    if error is None:
        return ""
    first = error.message.strip().partition("\n")[0]
    told = f"{error.type}: {first}" if first else error.type
    return shown(told if len(told) <= _LONGEST else f"{told[:_LONGEST]}…")


def step_seconds(step: Step, now: datetime) -> float | None:
    """From its first start to its end, or until now; None: it has not begun."""
    if not step.attempts:
        return None
    last = step.attempts[-1].ended_at
    until = last if step.status in ENDED_STEPS and last is not None else now
    return max(0.0, (until - step.attempts[0].started_at).total_seconds())


def items_ended(step: Step) -> tuple[int, int] | None:
    """Of a mapped step: how many of its items have ended, and how many there are."""
    if step.items is None:
        return None
    return sum(each.status in ENDED_STEPS for each in step.items), len(step.items)


def share(step: Step) -> tuple[float, float] | None:
    """How far a step is that has not ended: done, and the total. None: it does not say."""
    if step.status in ENDED_STEPS:
        return None
    if (items := items_ended(step)) is not None:
        return items
    if step.progress is None or not step.progress.total:
        return None
    return step.progress.done, step.progress.total


def detail_words(step: Step) -> str:
    """What is to be known of it beside its state."""
    match step.status:
        case StepStatus.RUNNING:
            note = "" if step.progress is None else shown(step.progress.note)
            again = f"attempt {len(step.attempts)}" if len(step.attempts) > 1 else ""
            return "  ".join(filter(None, (note, again)))
        case StepStatus.RETRYING:
            return f"after attempt {len(step.attempts)}: {error_words(_last_error(step))}"
        case StepStatus.WAITING:
            return _awaited_words(step)
        case StepStatus.FAILED | StepStatus.TIMED_OUT:
            return error_words(_last_error(step))
        case StepStatus.SUCCEEDED if (items := items_ended(step)) is not None:
            return f"{items[1]} items"
        case StepStatus.SUCCEEDED if len(step.attempts) > 1:
            return f"at attempt {len(step.attempts)}"
    return ""


def steps_ended(found: ExecutionDetail) -> int:
    """How many of its steps have come to their end."""
    return sum(each.status in ENDED_STEPS for each in found.steps)


def end_words(found: ExecutionDetail) -> str:
    """How an execution ended."""
    word = EXECUTIONS[found.status].word
    if found.duration is not None:
        word += f" {'in' if found.error is None else 'after'} {span(found.duration)}"
    if found.error is None:
        return word
    guilty = [each.name for each in found.steps if each.status in _GUILTY]
    where = f"{shown(guilty[0])}: " if guilty else ""
    return f"{word}: {where}{error_words(found.error)}"


def changes(before: ExecutionDetail | None, after: ExecutionDetail, now: datetime) -> list[str]:
    """A line for each thing that is otherwise than before, in the order of the steps."""
    lines = []
    if (before is None or before.status != after.status) and not after.ended_at:
        word = EXECUTIONS[after.status].word
        lines.append(f"{clock(after.started_at or after.queued_at)}  {after.id} {word}")
    known = {} if before is None else {each.name: each for each in before.steps}
    for step in after.steps:
        earlier = known.get(step.name)
        if line := _change(earlier, step):
            goes_on = earlier is not None and earlier.status is step.status
            at = now if goes_on else _at(step) or now
            lines.append(f"{clock(at)}  {shown(step.name)}: {line}")
    return lines


_GUILTY: Final = frozenset({StepStatus.FAILED, StepStatus.TIMED_OUT})
_TENTHS: Final = 10


def _change(before: Step | None, step: Step) -> str:
    if step.status is StepStatus.PENDING:
        return ""
    is_new = (
        before is None
        or before.status is not step.status
        or len(before.attempts) != len(step.attempts)
    )
    if not is_new and (before is None or _tenth(before) == _tenth(step)):
        return ""
    told = [STEPS[step.status].word] if is_new else []
    if step.status is StepStatus.SUCCEEDED and (seconds := _own_seconds(step)) is not None:
        told = [f"{told[0]} in {span(seconds)}"]
    if (part := share(step)) is not None:
        told.append(f"{part[0]:g} of {part[1]:g}")
    return ", ".join(filter(None, [*told, detail_words(step)]))


def _own_seconds(step: Step) -> float | None:
    if not step.attempts or step.attempts[-1].ended_at is None:
        return None
    return step_seconds(step, step.attempts[-1].ended_at)


def _tenth(step: Step) -> int:
    part = share(step)
    return 0 if part is None or not part[1] else int(part[0] / part[1] * _TENTHS)


def _at(step: Step) -> datetime | None:
    if not step.attempts:
        return None
    return step.attempts[-1].ended_at or step.attempts[-1].started_at


def _last_error(step: Step) -> Error | None:
    return next((each.error for each in reversed(step.attempts) if each.error is not None), None)


def _awaited_words(step: Step) -> str:
    awaited = step.awaits
    if awaited is None:
        return ""
    told = []
    if awaited.event is not None:
        key = "" if awaited.key is None else f" ({shown(awaited.key)})"
        told.append(f"for {shown(awaited.event)}{key}")
    if awaited.execution_id is not None:
        told.append(f"for {awaited.execution_id}")
    if awaited.until is not None:
        told.append(f"until {clock(awaited.until)}")
    return ", ".join(told)
