"""Waiting executions: lower priority numbers first, then the earlier scheduled; within limits.

Runs on the loop. Takes `Enqueue`, `ExecutionEnded`, `CancelExecution`, `Drain`; tells `BeginExecution`
through the executions' supervisor. Rebuilt from storage when it is started: what some run of the
server had begun goes on, what waited waits on in its order.
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from quarterjack.storage import (
    Execution,
    ExecutionId,
    ExecutionStatus,
    IllegalTransition,
    ScheduleId,
)
from quarterjack.storage.execution_changes import AdvanceExecution, Ended
from quarterjack.storage.queries import execution as stored_execution
from quarterjack.storage.queries import unfinished

from .cast_member import CastMember
from .engine import Deliver, DeliverIfAwake, Reply, handles
from .environment import Environment
from .execution_events import ended_events
from .messages import BeginExecution, CancelExecution, Drain, Enqueue, ExecutionEnded


class _Place(NamedTuple):
    """Where an execution stands in the queue."""

    priority: int
    scheduled: float
    order: int
    id: ExecutionId


@dataclass(slots=True)
class _Running:
    schedule_id: ScheduleId | None
    counts: bool
    """Whether it takes one of its schedule's places."""


@dataclass(slots=True)
class _Waiting:
    execution: Execution
    fresh: bool


@dataclass(slots=True)
class _Lane:
    """The executions of one schedule that wait for its own limit."""

    running: int = 0
    held: list[_Place] = field(default_factory=list)


class RunQueue(CastMember):
    """At most `environment.concurrency` executions run at once."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._heap: list[_Place] = []
        self._waiting: dict[ExecutionId, _Waiting] = {}
        self._running: dict[ExecutionId, _Running] = {}
        self._lanes: defaultdict[ScheduleId, _Lane] = defaultdict(_Lane)
        self._early_cancels: dict[ExecutionId, CancelExecution] = {}
        self._order = 0
        self._draining = False

    def on_start(self) -> None:
        self.hold()
        self.read(self._loaded, unfinished)

    @handles(Enqueue)
    def enqueue(self, message: Enqueue) -> None:
        self._add(message.execution, fresh=True)
        cancel = self._early_cancels.pop(message.execution.id, None)
        if cancel is not None:
            self._cancel_waiting(cancel)
        self._start_some()

    @handles(ExecutionEnded)
    def execution_ended(self, message: ExecutionEnded) -> None:
        ended = self._running.pop(message.execution_id, None)
        if ended is not None and ended.schedule_id is not None and ended.counts:
            self._leave_lane(ended.schedule_id)
        self._start_some()

    @handles(CancelExecution)
    def cancel(self, message: CancelExecution) -> Any:
        if message.execution_id in self._waiting:
            return self._cancel_waiting(message)
        if message.execution_id in self._running:
            return self.forward(self.cast.executions, Deliver(message.execution_id, message))
        return self._cancel_unknown(message)

    @handles(Drain)
    def drain(self, message: Drain) -> None:
        self._draining = True
        for key in self._running:
            self.cast.executions.tell(DeliverIfAwake(key, message))

    def _loaded(self, reply: Reply[Any]) -> None:
        for found in reply.get():
            self._add(found.execution, fresh=found.boot_id is None)
        self.release()
        self._start_some()

    def _add(self, execution: Execution, *, fresh: bool) -> None:
        if execution.id in self._waiting or execution.id in self._running:
            return
        self._order += 1
        place = _Place(
            execution.priority if fresh else -1,
            execution.scheduled_time.timestamp(),
            self._order,
            execution.id,
        )
        self._waiting[execution.id] = _Waiting(execution, fresh)
        heapq.heappush(self._heap, place)

    def _start_some(self) -> None:
        while self._heap and not self._draining and len(self._running) < self._limit():
            place = heapq.heappop(self._heap)
            waiting = self._waiting.get(place.id)
            if waiting is None:
                continue
            if self._enter_lane(waiting.execution, place):
                self._start(waiting)

    def _limit(self) -> int:
        return self.environment.concurrency

    def _start(self, waiting: _Waiting) -> None:
        execution = waiting.execution
        del self._waiting[execution.id]
        limited = execution.options.max_concurrency is not None
        self._running[execution.id] = _Running(execution.schedule_id, limited)
        begin = BeginExecution(execution, waiting.fresh)
        self.cast.executions.tell(Deliver(execution.id, begin))
        if execution.schedule_id is not None:
            self.cast.schedules.tell(DeliverIfAwake(execution.schedule_id, begin))

    def _enter_lane(self, execution: Execution, place: _Place) -> bool:
        """Take one of the schedule's places; False: there is none, and it is held back."""
        limit = execution.options.max_concurrency
        if execution.schedule_id is None or limit is None:
            return True
        lane = self._lanes[execution.schedule_id]
        if lane.running >= limit:
            heapq.heappush(lane.held, place)
            return False
        lane.running += 1
        return True

    def _leave_lane(self, key: ScheduleId) -> None:
        lane = self._lanes[key]
        lane.running -= 1
        while lane.held:
            place = heapq.heappop(lane.held)
            if place.id in self._waiting:
                heapq.heappush(self._heap, place)
                return
        if not lane.running:
            del self._lanes[key]

    def _cancel_waiting(self, message: CancelExecution) -> Reply[Any]:
        execution = self._waiting.pop(message.execution_id).execution
        ended = Ended(self.clock.now(), ExecutionStatus.CANCELLED)
        change = AdvanceExecution(
            execution.id,
            ended=ended,
            events=ended_events(execution, ended, data={"reason": message.reason}),
        )
        answer: Reply[Any] = Reply()
        self.commit(change, lambda reply: self._cancelled(execution, reply, answer))
        return answer

    def _cancelled(self, execution: Execution, reply: Reply[Any], answer: Reply[Any]) -> None:
        reply.pipe(answer)
        if execution.schedule_id is not None:
            ended = ExecutionEnded(execution.id, execution.schedule_id)
            self.cast.schedules.tell(DeliverIfAwake(execution.schedule_id, ended))

    def _cancel_unknown(self, message: CancelExecution) -> Reply[Any]:
        answer: Reply[Any] = Reply()

        def found(reply: Reply[Any]) -> None:
            try:
                execution: Execution = reply.get()
            except Exception as error:
                answer.set_exception(error)
                return
            self._cancel_found(execution, message, answer)

        self.read(found, stored_execution, message.execution_id)
        return answer

    def _cancel_found(
        self, execution: Execution, message: CancelExecution, answer: Reply[Any]
    ) -> None:
        if execution.id in self._waiting or execution.id in self._running:
            self.ref.ask(message).pipe(answer)
        elif execution.status is ExecutionStatus.QUEUED:  # recorded, and on its way to this queue
            self._early_cancels[execution.id] = message
            answer.set(None)
        else:
            answer.set_exception(
                IllegalTransition(
                    "execution",
                    execution.id,
                    current=execution.status,
                    wanted=ExecutionStatus.CANCELLED,
                )
            )

    def counts(self) -> Mapping[str, int]:
        """How many run and how many wait; to be called through a proxy."""
        return {"running": len(self._running), "waiting": len(self._waiting)}
