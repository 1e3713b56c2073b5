"""What became of a schedule, oldest first."""

from quarterjack.runtime import Execution
from quarterjack.runtime.calls import Calls
from quarterjack.storage import Fire
from quarterjack.storage.queries import ExecutionFilter, PageRequest


def executions(runtime: Calls, key: str) -> list[Execution]:
    """Its executions by their scheduled time, at most 500."""
    wanted = ExecutionFilter(schedule_id=runtime.get_schedule(key).get().id)
    found = runtime.list_executions(wanted, PageRequest(500)).get().items
    return sorted(found, key=lambda each: each.scheduled_time)


def fires(runtime: Calls, key: str) -> list[Fire]:
    """The rows of its ledger, at most 500."""
    return runtime.list_fires(key, page=PageRequest(500)).get().items[::-1]
