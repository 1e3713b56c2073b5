"""What a step that runs writes, for those who watch it: looked at twice a second for all of them.

Who has what was written before gets what is new; who is new, or was away for a while, gets the newest
`MOST` lines of each attempt. Runs on the loop.
"""

from dataclasses import dataclass, replace
from typing import Final

from quarterjack.runtime import AttemptLog, LogLine, Runtime

from .shapes.states import LogChange
from .state_frame import StateFrame, StatePart

LOGS: Final = "logs"
MOST: Final = 1_000
"""Lines of an attempt that are told."""


@dataclass(frozen=True, slots=True)
class _Difference:
    """How the lines of an attempt became others: so many at the beginning are gone, then so many stay."""

    gone: int
    same: int


def difference(before: list[LogLine], now: list[LogLine]) -> _Difference:
    """Only the end of what is written is kept, and its last line can still grow."""
    gone = next((place for place, line in enumerate(before) if now and line == now[0]), len(before))
    same = 0
    for had, has in zip(before[gone:], now, strict=False):
        if had != has:
            break
        same += 1
    return _Difference(gone, same)


class LogStates:
    """The topic `logs` with the key `EXECUTION/STEP`."""

    period: Final = 0.5
    for_limited: Final = True  # whose workflow it is was looked at before

    def __init__(self, runtime: Runtime, execution_id: str, step: str) -> None:
        self.topic: Final = f"{LOGS} {execution_id}/{step}"
        self.version = 0
        self._runtime = runtime
        self._execution_id = execution_id
        self._step = step
        self._attempts: dict[int, AttemptLog] | None = None
        self._last: StateFrame | None = None
        """From the version before to the newest."""
        self._whole: StateFrame | None = None

    async def look(self) -> bool:
        """Look at it; whether anything was written. Raises `NotFound`, `RuntimeNotStarted`."""
        found = await self._runtime.get_step_logs(self._execution_id, self._step)
        now = {each.number: replace(each, lines=each.lines[-MOST:]) for each in found}
        before = self._attempts
        if now == before:
            return False
        self.version += 1
        self._attempts = now
        self._whole = None
        known = before or {}
        changed = [each for each in now.values() if known.get(each.number) != each]
        self._last = None if before is None else self._frame(changed, before)
        return True

    def frame(self, had: int, *, limited: bool) -> StateFrame | None:
        """What somebody is told who has the state of that version; None: there is nothing newer."""
        if self._attempts is None or had == self.version or (limited and not self.for_limited):
            return None
        if had and had == self.version - 1 and self._last is not None:
            return self._last
        if self._whole is None:
            self._whole = self._frame(list(self._attempts.values()), None)
        return self._whole

    def forget(self) -> None:
        """Nobody watches any more."""
        self._attempts = self._last = self._whole = None

    def _frame(self, changed: list[AttemptLog], before: dict[int, AttemptLog] | None) -> StateFrame:
        fields = {
            "executionId": self._execution_id,
            "step": self._step,
            "reset": before is None,
        }
        return StateFrame(LOGS, fields, [_part(each, before) for each in changed])


def _part(now: AttemptLog, before: dict[int, AttemptLog] | None) -> StatePart:
    had = None if before is None else before.get(now.number)
    found = _Difference(0, 0) if had is None else difference(had.lines, now.lines)
    return StatePart(lambda: LogChange.of(now, found.gone, found.same).model_dump())
