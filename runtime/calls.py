"""What can be asked of a runtime, whatever it runs on: each call is one message, or one read."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from quarterjack.actors import messages as m
from quarterjack.actors.drafts import ScheduleChanges, ScheduleDraft, validated
from quarterjack.actors.engine import ActorInfo, Deliver, Reply
from quarterjack.actors.workflow_book import WorkflowBook
from quarterjack.storage import (
    Event,
    Execution,
    ExecutionId,
    Fire,
    IdSource,
    NotFound,
    QuarterjackError,
    Schedule,
    ScheduleId,
    WorkflowId,
)
from quarterjack.storage import queries as q
from quarterjack.storage.ids import is_id
from quarterjack.storage.overviews import CombinedStatus, stored_execution
from quarterjack.storage.schedule_changes import RecordRun

from .assembly import Assembly
from .calendar_calls import CalendarCalls
from .callbacks import CallbackSubscriber, CallbackThread
from .end_watcher import EndWatcher
from .event_calls import EventCalls
from .execution_detail import ExecutionDetail, detail_of
from .given_ids import checked_id, chosen_id
from .maintenance_calls import MaintenanceCalls
from .node import Node
from .overview_calls import OverviewCalls
from .request_calls import RequestCalls
from .run_request import RunRequest, execution_of, retry_of
from .scope_calls import ScopeCalls
from .shown_records import ShownRecords
from .statistics_calls import StatisticsCalls
from .step_logs import AttemptLog, logs_of, stored_logs
from .subscription_calls import SubscriptionCalls
from .token_book import TokenBook
from .token_calls import TokenCalls
from .upcoming import status, upcoming
from .webhook_calls import WebhookCalls

T = TypeVar("T")


class RuntimeNotStarted(QuarterjackError):
    """Start it first: `with runtime:`, `async with runtime:` or `runtime.start().get()`."""


class Calls(
    EventCalls,
    SubscriptionCalls,
    CalendarCalls,
    WebhookCalls,
    TokenCalls,
    RequestCalls,
    ScopeCalls,
    StatisticsCalls,
    OverviewCalls,
    MaintenanceCalls,
):
    """The calls; who inherits provides the assembly while it is started."""

    def __init__(self, workflows: WorkflowBook, ids: IdSource) -> None:
        self.workflows = workflows
        self._ids = ids
        self._shown = ShownRecords(workflows)
        self._assembly: Assembly | None = None
        self._callbacks = CallbackThread()
        self._subscribers: dict[str, CallbackSubscriber] = {}
        self._tokens = TokenBook()

    @property
    def ids(self) -> IdSource:
        """Where new ids come from."""
        return self._ids

    # Schedules

    def create_scheduled_workflow(
        self, draft: Mapping[str, Any], *, schedule_id: str | None = None
    ) -> Reply[ScheduleId]:
        """Make a schedule from the contract's camelCase form; its id.

        Raises `InvalidInput`, and `AlreadyExists` when the id that is given is taken.
        """

        def create(_: Assembly) -> Reply[ScheduleId]:
            checked = validated(ScheduleDraft, draft)
            key = ScheduleId(chosen_id("schedule_id", schedule_id, self._ids, "sch"))
            made = self._to_schedule(key, m.CreateSchedule(checked))
            return made.map(lambda schedule: schedule.id)

        return self._call(create)

    def update_scheduled_workflow(
        self, schedule_id: str, changes: Mapping[str, Any], *, version: int | None = None
    ) -> Reply[Schedule]:
        """Change what is given, keep the rest. Raises `NotFound`, `InvalidInput`, `VersionConflict`."""
        message = m.UpdateSchedule(ScheduleChanges(dict(changes)), version)
        return self._call(
            lambda _: self._to_schedule(schedule_id, message).map(self._shown.schedule)
        )

    def delete_scheduled_workflow(
        self, schedule_id: str, *, cancel: bool = False, version: int | None = None
    ) -> Reply[None]:
        """Forget a schedule; its executions finish, or with `cancel` are ended.

        Raises `NotFound`, `VersionConflict`.
        """
        message = m.DeleteSchedule(cancel, version)
        return self._call(lambda _: self._to_schedule(schedule_id, message))

    def pause_schedule(
        self, schedule_id: str, note: str = "", *, version: int | None = None
    ) -> Reply[Schedule]:
        """Let it fire no more until it is resumed.

        Raises `NotFound`, `IllegalTransition`, `VersionConflict`.
        """
        message = m.PauseSchedule(note, version)
        return self._call(
            lambda _: self._to_schedule(schedule_id, message).map(self._shown.schedule)
        )

    def resume_schedule(
        self, schedule_id: str, note: str = "", *, version: int | None = None
    ) -> Reply[Schedule]:
        """Let it fire again. Raises `NotFound`, `IllegalTransition`, `VersionConflict`."""
        message = m.ResumeSchedule(note, version)
        return self._call(
            lambda _: self._to_schedule(schedule_id, message).map(self._shown.schedule)
        )

    def get_schedule(self, schedule_id: str) -> Reply[Schedule]:
        """One schedule. Raises `NotFound`."""
        return self._read(q.schedule, ScheduleId(schedule_id)).map(self._shown.schedule)

    def list_schedules(
        self,
        wanted: q.ScheduleFilter = q.ScheduleFilter(),
        page: q.PageRequest = q.PageRequest(),
    ) -> Reply[q.Page[Schedule]]:
        """Schedules, oldest first."""
        return self._read(q.schedules, wanted, page).map(self._shown.schedules)

    def get_schedule_workflow_status(self, schedule_id: str) -> Reply[CombinedStatus]:
        """A schedule with its executions and figures. Raises `NotFound`."""

        def read(assembly: Assembly) -> Reply[CombinedStatus]:
            now = assembly.clock.now()
            found: Reply[CombinedStatus] = assembly.read(status, ScheduleId(schedule_id), now)
            return found.map(self._shown.status)

        return self._call(read)

    def sync_schedule_workflow_state(self, schedule_id: str) -> Reply[CombinedStatus]:
        """Have a schedule's state and counters computed again from its executions; its status then.

        Raises `NotFound`.
        """

        def sync(assembly: Assembly) -> Reply[CombinedStatus]:
            answer: Reply[CombinedStatus] = assembly.system.dispatcher.new_reply()

            def synced(done: Reply[Any]) -> None:
                try:
                    done.get()
                except Exception as error:
                    answer.set_exception(error)
                else:
                    self.get_schedule_workflow_status(schedule_id).pipe(answer)

            self._to_schedule(schedule_id, m.SyncSchedule()).add_done_callback(synced)
            return answer

        return self._call(sync)

    def upcoming(self, schedule_id: str, count: int = 10) -> Reply[list[datetime]]:
        """The next due instants, at most 1,000. Raises `NotFound`."""

        def read(assembly: Assembly) -> Reply[list[datetime]]:
            return assembly.read(upcoming, ScheduleId(schedule_id), count)

        return self._call(read)

    def list_fires(
        self,
        schedule_id: str,
        wanted: q.FireFilter = q.FireFilter(),
        page: q.PageRequest = q.PageRequest(),
    ) -> Reply[q.Page[Fire]]:
        """The fire ledger of a schedule, newest first."""
        return self._read(q.fires, ScheduleId(schedule_id), wanted, page)

    # Executions

    def trigger_scheduled_execution(
        self,
        schedule_id: str,
        *,
        params: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        priority: int | None = None,
        respect_overlap: bool = False,
        execution_id: str | None = None,
        traceparent: str | None = None,
    ) -> Reply[ExecutionId]:
        """Run a schedule's workflow now.

        Raises `NotFound`, `InvalidInput`, `OverlapRefused`, and `AlreadyExists` when the id that is
        given is taken.
        """

        def trigger(_: Assembly) -> Reply[ExecutionId]:
            asked = RunRequest.checked(params, context, priority, traceparent)
            if execution_id is not None:
                checked_id("execution_id", execution_id)
            message = m.TriggerSchedule(
                asked.params,
                asked.context or {},
                asked.priority,
                respect_overlap,
                execution_id,
                asked.traceparent,
            )
            return self._to_schedule(schedule_id, message)

        return self._call(trigger)

    def run(
        self,
        workflow_id: str,
        *,
        params: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        priority: int | None = None,
        execution_id: str | None = None,
        traceparent: str | None = None,
    ) -> Reply[ExecutionId]:
        """Run a workflow now, with no schedule.

        Raises `NotFound`, `InvalidInput`, and `AlreadyExists` when the id that is given is taken.
        """

        def begin(assembly: Assembly) -> Reply[ExecutionId]:
            asked = RunRequest.checked(params, context, priority, traceparent)
            workflow = self.workflows.find(WorkflowId(workflow_id))
            key = ExecutionId(chosen_id("execution_id", execution_id, self._ids, "exe"))
            execution = execution_of(key, workflow, asked, self.workflows, assembly.clock.now())
            change = RecordRun(execution, [], is_id_given=execution_id is not None)
            return assembly.record(execution, change)

        return self._call(begin)

    def cancel_scheduled_execution(self, execution_id: str) -> Reply[None]:
        """End an execution before its time. Raises `NotFound`, `IllegalTransition` if it has ended."""
        message = m.CancelExecution(ExecutionId(execution_id), "asked for")
        return self._call(lambda assembly: assembly.cast.run_queue.ask(message))

    def retry_execution(
        self, execution_id: str, *, new_execution_id: str | None = None
    ) -> Reply[ExecutionId]:
        """Run an execution that has failed, timed out or was cancelled again, from where it ended.

        A new execution, which keeps the results of the finished steps; those that ran because of a
        failure, or in spite of one, run again. Raises `NotFound`, `IllegalTransition` for one that has
        not ended, or that succeeded, and `AlreadyExists` when the new id that is given is taken.
        """

        def retry(assembly: Assembly) -> Reply[ExecutionId]:
            key = ExecutionId(chosen_id("new_execution_id", new_execution_id, self._ids, "exe"))
            answer: Reply[ExecutionId] = assembly.system.dispatcher.new_reply()

            def found(stored: Reply[Any]) -> None:
                try:
                    ended = stored.get()
                    workflow = self.workflows.find(ended.execution.workflow_id)
                except QuarterjackError as error:
                    answer.set_exception(error)
                    return
                now, is_given = assembly.clock.now(), new_execution_id is not None
                change = replace(retry_of(key, ended, workflow, now), is_id_given=is_given)
                assembly.record(change.execution, change).pipe(answer)

            assembly.read(stored_execution, ExecutionId(execution_id)).add_done_callback(found)
            return answer

        return self._call(retry)

    def get_execution(self, execution_id: str) -> Reply[ExecutionDetail]:
        """An execution with its steps. Raises `NotFound`."""
        stored = self._read(stored_execution, ExecutionId(execution_id))
        return stored.map(lambda found: self._shown.detail(detail_of(found, self.workflows)))

    def get_step_logs(self, execution_id: str, step: str) -> Reply[list[AttemptLog]]:
        """What a step's attempts wrote and logged, also of one that runs. Raises `NotFound`.

        An item of a mapped step is called `load[3]`.
        """

        def read(assembly: Assembly) -> Reply[list[AttemptLog]]:
            stored = assembly.read(stored_logs, ExecutionId(execution_id), step)
            return stored.map(lambda found: logs_of(found, step, assembly.environment))

        return self._call(read)

    def list_executions(
        self,
        wanted: q.ExecutionFilter = q.ExecutionFilter(),
        page: q.PageRequest = q.PageRequest(),
    ) -> Reply[q.Page[Execution]]:
        """Executions without their steps, newest first."""
        return self._read(q.executions, wanted, page).map(self._shown.executions)

    def wait_for(self, execution_id: str) -> Reply[Execution]:
        """The execution when it has ended. Raises `NotFound`."""

        def watch(assembly: Assembly) -> Reply[Execution]:
            return EndWatcher(assembly, ExecutionId(execution_id)).reply.map(self._shown.execution)

        return self._call(watch)

    # Events and actors

    def events(self, after: int, until: int = 2**62, limit: int = 500) -> Reply[list[Event]]:
        """Stored events with `after` < seq ≤ `until`, in order."""
        return self._read(q.events, after, until, limit)

    def actors(self) -> Reply[list[ActorInfo]]:
        """The supervision tree as it is now."""
        return self._call(lambda assembly: Reply.of(assembly.system.tree()))

    def nodes(self) -> Reply[list[Node]]:
        """The processes that serve the database: this one."""
        return self._call(lambda assembly: Reply.of([assembly.node]))

    # How a call is made

    def _running(self) -> Assembly:
        if self._assembly is None:
            raise RuntimeNotStarted("The runtime is not started; use it inside `with runtime:`.")
        return self._assembly

    def _call(self, make: Callable[[Assembly], Reply[T]]) -> Reply[T]:
        """What the call answers; also its errors come through the reply."""
        try:
            return make(self._running())
        except (QuarterjackError, LookupError) as error:
            failed: Reply[T] = Reply()
            failed.set_exception(error)
            return failed

    def _read(self, query: Callable[..., T], *arguments: Any) -> Reply[T]:
        return self._call(lambda assembly: assembly.read(query, *arguments))

    def _to_schedule(self, key: str, message: object) -> Reply[Any]:
        if not is_id(key):  # nobody is to be woken for it
            raise NotFound("schedule", key)
        return self._running().cast.schedules.ask(Deliver(key, message))
