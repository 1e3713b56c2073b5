"""Executions that wait without an actor, and when each of them goes on by itself.

Belongs to the run queue. A parked execution takes no place in any limit.
"""

from typing import Any

from quarterjack.storage import Execution, ExecutionId

from .alarm_clock import AlarmClock
from .cast_member import CastMember


class Parking:
    """Rings by telling the owner `look`; the owner then takes those that are due."""

    def __init__(self, owner: CastMember, look: Any) -> None:
        self._parked: dict[ExecutionId, Execution] = {}
        self._alarms: AlarmClock[ExecutionId] = AlarmClock(owner, look)

    def __len__(self) -> int:
        return len(self._parked)

    def __contains__(self, key: ExecutionId) -> bool:
        return key in self._parked

    def park(self, execution: Execution) -> None:
        """Keep it until its instant `wake_at` (None: until it is taken)."""
        self._parked[execution.id] = execution
        if execution.wake_at is None:
            self._alarms.clear(execution.id)
        else:
            self._alarms.set(execution.id, execution.wake_at)

    def take(self, key: ExecutionId) -> Execution | None:
        """Give it back, if it is here."""
        self._alarms.clear(key)
        return self._parked.pop(key, None)

    def due(self) -> list[Execution]:
        """Give back those whose instant has come, earliest first, and wait for the next."""
        found = [self._parked.pop(key) for _, key in self._alarms.due()]
        self._alarms.wind()
        return found

    def stop(self) -> None:
        """Ring no more; what is here stays here."""
        self._alarms.stop()
