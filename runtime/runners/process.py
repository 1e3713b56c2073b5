"""Runs steps in worker processes: a step that hangs, leaks, crashes or exits costs its worker only.

- Workers are warm: a step does not wait for a process to start, or for imports.
- A step that is cancelled gets SIGTERM, which raises in it, and is killed with all its processes half
  a second later; the server itself kills what does not react within a second.
- A worker that dies is replaced; the attempt that it ran has failed with `WorkerDied`, and its message
  says how. An attempt that the worker had not begun is given to another.
"""

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from quarterjack.actors.runner import (
    AttemptKey,
    StepBegan,
    StepEnd,
    StepRaised,
    StepReport,
    StepTask,
)
from quarterjack.actors.step_ledger import INTERRUPTED
from quarterjack.actors.workflow import Workflow
from quarterjack.storage import Failure
from quarterjack.storage.plain_data import Packed

from ..importable import modules_of
from ..output_tail import OutputTail
from ..step_call import raised
from ..vault.places import without_secrets
from ..vault.scrubber import Scrubber
from ..vault.secret_finder import SecretFinder
from ..vault.step_secrets import NO_SECRETS, StepSecrets
from ..worker.frames import FromServer, FromWorker, frame
from ..worker.memory_limit import sized
from ..worker.packed_task import packed_task, unpacked_report
from ..worker.serving import Setup
from .worker_death import ending

if TYPE_CHECKING:
    from .crew import Crew
    from .worker_handle import WorkerHandle

WORKER_DIED: Final = "WorkerDied"
"""The failure's type when a step took its process down."""
CANCELLED: Final = "Cancelled"
_MOST_LOST: Final = 3
"""Workers that an attempt may lose before it has begun."""


@dataclass(eq=False, slots=True)
class _Attempt:
    task: StepTask
    report: Callable[[StepReport], None]
    serial: int
    tail: OutputTail = field(default_factory=OutputTail)
    worker: "WorkerHandle | None" = None
    began: bool = False
    cancelled: bool = False
    lost: int = 0
    """How many workers had it and died before they began."""

    def end(self, report: StepReport) -> None:
        """Report the end, with what was written."""
        assert isinstance(report, StepEnd)
        self.report(report._replace(output=self.tail.pack()))


class ProcessRunner:
    """For the steps of the workflows that run in processes; with none of those, it has no workers.

    Raises `WorkflowDefinitionError` for a step that a worker process could not find again.
    """

    def __init__(
        self,
        workflows: Iterable[Workflow],
        *,
        now: Callable[[], datetime],
        default_runner: str = "process",
        processes: int | None = None,
        tasks_per_process: int | None = None,
        secrets: StepSecrets = NO_SECRETS,
    ) -> None:
        self._modules = modules_of(workflows, default_runner)
        self._size = processes or max(2, os.cpu_count() or 1)
        self._tasks_per_process = tasks_per_process
        self._now = now
        self._secrets = SecretFinder(secrets)
        self._crew: Crew | None = None
        self._lock = threading.RLock()
        self._serials = itertools.count(1)
        self._attempts: dict[AttemptKey, _Attempt] = {}
        self._waiting: deque[_Attempt] = deque()
        self._idle: deque[WorkerHandle] = deque()
        self._busy: dict[WorkerHandle, _Attempt] = {}
        self._leaving: set[WorkerHandle] = set()
        self._served: dict[WorkerHandle, int] = {}
        self._closed = False

    def start(self) -> None:
        """All workers have imported the workflows' modules when this returns.

        Raises `WorkersNotStarted`.
        """
        if self._modules.workflow_ids and self._crew is None:
            from .crew import Crew

            setup = Setup(self._modules, without_secrets(os.environ))
            self._crew = Crew(setup, self._size, self._now, self)
            self._crew.start()

    def submit(self, task: StepTask, report: Callable[[StepReport], None]) -> None:
        """Run the attempt in the next free worker."""
        attempt = _Attempt(task, report, next(self._serials))
        with self._lock:
            self._attempts[task.key] = attempt
        self._secrets.find(task, lambda found: self._found(attempt, found))

    def _found(self, attempt: _Attempt, found: StepTask | StepRaised) -> None:
        """What it is to run is known, with its secrets, or can't be."""
        with self._lock:
            if attempt.cancelled or self._closed:
                return
            if isinstance(found, StepTask):
                attempt.task, attempt.tail.scrubber = found, Scrubber.of(found)
                self._waiting.append(attempt)
            else:
                del self._attempts[attempt.task.key]
        if isinstance(found, StepTask):
            self._assign()
        else:
            attempt.end(found)

    def cancel(self, key: AttemptKey) -> None:
        """End the attempt: its process is gone within two seconds."""
        with self._lock:
            attempt = self._attempts.get(key)
            if attempt is None or attempt.cancelled:
                return
            attempt.cancelled = True
            worker = attempt.worker
            if worker is None:
                del self._attempts[key]
        if worker is not None:
            worker.cancel(attempt.serial)
        else:
            attempt.end(_cancelled(key, "it was cancelled before it began"))

    def in_flight(self, key: AttemptKey) -> bool:
        """Whether it was submitted and has not ended."""
        return key in self._attempts

    def output(self, key: AttemptKey) -> Packed | None:
        """What it has written and logged so far."""
        attempt = self._attempts.get(key)
        return None if attempt is None else attempt.tail.pack()

    def close(self) -> None:
        """End the workers, also those that run a step; nothing is reported any more."""
        with self._lock:
            self._closed = True
            self._attempts.clear()
            self._waiting.clear()
            self._busy.clear()
        self._secrets.close()
        if self._crew is not None:
            self._crew.close()

    # What workers say, on the thread that watches them

    def heard(self, worker: "WorkerHandle", kind: str, values: list[Any]) -> None:
        """A worker is ready, or says something about the attempt that it has."""
        if kind == FromWorker.READY:
            with self._lock:
                self._idle.append(worker)
            self._assign()
            return
        if kind == FromWorker.LEAVING:
            self._leaving.add(worker)
            return
        attempt = self._busy.get(worker)
        if attempt is None:
            return
        report = unpacked_report(attempt.task.key, kind, values)
        if not isinstance(report, StepEnd):
            attempt.began = attempt.began or isinstance(report, StepBegan)
            attempt.report(report)
            return
        worker.finished()
        with self._lock:
            self._attempts.pop(attempt.task.key, None)
            self._busy.pop(worker, None)
        self._free(worker)
        attempt.end(report)

    def ended(self, worker: "WorkerHandle", exit_code: int | None) -> None:
        """A worker has ended, for whatever reason."""
        with self._lock:
            if worker in self._idle:
                self._idle.remove(worker)
            self._leaving.discard(worker)
            self._served.pop(worker, None)
            attempt = self._busy.pop(worker, None)
            if attempt is None:
                return
            again = not attempt.began and not attempt.cancelled and attempt.lost < _MOST_LOST
            if again:
                attempt.lost += 1
                attempt.worker = None
                self._waiting.appendleft(attempt)
            else:
                self._attempts.pop(attempt.task.key, None)
        if again:
            self._assign()
        else:
            attempt.end(_died(attempt, exit_code))

    def _free(self, worker: "WorkerHandle") -> None:
        """A worker has done an attempt: it takes another, or ends."""
        with self._lock:
            served = self._served[worker] = self._served.get(worker, 0) + 1
            if worker in self._leaving:
                return
            worn = self._tasks_per_process is not None and served >= self._tasks_per_process
            if not worn:
                self._idle.append(worker)
        if worn:
            worker.release()
        else:
            self._assign()

    def _assign(self) -> None:
        """Give what waits to those who are idle, in order."""
        unsendable: list[tuple[_Attempt, BaseException]] = []
        with self._lock:
            while self._waiting and self._idle and not self._closed:
                attempt = self._waiting.popleft()
                if attempt.cancelled:
                    continue
                try:
                    said = frame(FromServer.RUN, attempt.serial, packed_task(attempt.task))
                except Exception as error:
                    self._attempts.pop(attempt.task.key, None)
                    unsendable.append((attempt, error))
                    continue
                worker = attempt.worker = self._idle.popleft()
                self._busy[worker] = attempt
                worker.run(attempt.serial, said, attempt.tail)
        for failed, reason in unsendable:
            failed.end(raised(failed.task, reason))


def _cancelled(key: AttemptKey, message: str) -> StepRaised:
    return StepRaised(key, Failure(CANCELLED, message), (CANCELLED,))


def _died(attempt: _Attempt, exit_code: int | None) -> StepRaised:
    key, memory = attempt.task.key, attempt.task.step.memory
    if attempt.cancelled:
        return _cancelled(key, "it was cancelled, and its process was ended")
    if exit_code is None or not attempt.began:
        message = "the step's process was lost through no fault of the step's"
        return StepRaised(key, Failure(INTERRUPTED, message), (INTERRUPTED,))
    limit = "" if memory is None else f"; its memory limit was {sized(memory)}"
    message = f"the step's process {ending(exit_code)}{limit}"
    return StepRaised(key, Failure(WORKER_DIED, message), (WORKER_DIED,))
