"""Runs steps on threads. A thread can't be stopped: a cancelled step is told through `ctx.cancelled`.

A step that was cancelled and goes on does not take a place from the others: its thread is counted as
lost, and another may be started for it.
"""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from quarterjack.actors.engine import wall_clock
from quarterjack.actors.runner import AttemptKey, StepBegan, StepRaised, StepReport, StepTask
from quarterjack.storage import Failure
from quarterjack.storage.plain_data import Packed

from ..step_call import StepCall, raised
from ..step_output import Recording
from ..vault.scrubber import Scrubber
from ..vault.step_secrets import NO_SECRETS, StepSecrets


@dataclass(slots=True)
class _Job:
    task: StepTask
    report: Callable[[StepReport], None]
    recording: Recording
    cancelled: threading.Event = field(default_factory=threading.Event)
    running: bool = False
    lost: bool = False


class ThreadRunner:
    """At most `limit` steps at once, besides the lost ones; threads are made when needed and reused."""

    def __init__(
        self,
        limit: int = 32,
        now: Callable[[], datetime] = wall_clock,
        secrets: StepSecrets = NO_SECRETS,
    ) -> None:
        self._limit = limit
        self._now = now
        self._secrets = secrets
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._in_flight: dict[AttemptKey, _Job] = {}
        self._lock = threading.Lock()
        self._alive = 0
        self._idle = 0
        self._queued = 0
        self._lost = 0
        self._made = 0
        self._closed = False

    @property
    def lost(self) -> int:
        """How many threads run a step that was cancelled and has not ended."""
        return self._lost

    def start(self) -> None:
        """There is nothing to warm up."""

    def submit(self, task: StepTask, report: Callable[[StepReport], None]) -> None:
        """Run the attempt on the next free thread."""
        job = _Job(task, report, Recording(self._now))
        with self._lock:
            self._in_flight[task.key] = job
            self._queued += 1
            self._start_thread_if_needed()
        self._jobs.put(job)

    def cancel(self, key: AttemptKey) -> None:
        """Tell the step; count its thread as lost until it listens."""
        with self._lock:
            job = self._in_flight.get(key)
            if job is None or job.cancelled.is_set():
                return
            job.cancelled.set()
            if job.running:
                job.lost = True
                self._lost += 1
                self._start_thread_if_needed()

    def in_flight(self, key: AttemptKey) -> bool:
        """Whether it was submitted and has not ended."""
        return key in self._in_flight

    def output(self, key: AttemptKey) -> Packed | None:
        """What a running attempt has written so far."""
        job = self._in_flight.get(key)
        return None if job is None else job.recording.tail.pack()

    def close(self) -> None:
        """Take no more; threads end after the step that they run."""
        with self._lock:
            self._closed = True
            for job in self._in_flight.values():
                job.cancelled.set()
            alive = self._alive
        for _ in range(alive):
            self._jobs.put(None)

    def _start_thread_if_needed(self) -> None:
        if self._closed or self._idle >= self._queued or self._alive >= self._limit + self._lost:
            return
        self._alive += 1
        self._made += 1
        name = f"quarterjack-step-{self._made}"
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._alive > self._limit + self._lost:
                    self._alive -= 1
                    return
                self._idle += 1
            job = self._jobs.get()
            with self._lock:
                self._idle -= 1
                if job is None:
                    self._alive -= 1
                    return
                self._queued -= 1
                job.running = True
            report = _run(job, self._secrets)
            with self._lock:
                self._in_flight.pop(job.task.key, None)
                if job.lost:
                    self._lost -= 1
            job.report(report)


def _run(job: _Job, secrets: StepSecrets) -> StepReport:
    task = job.task
    if job.cancelled.is_set():
        return StepRaised(task.key, Failure("Cancelled", "it was cancelled before it began"))
    try:
        task = secrets.found(task) if secrets.has(task) else task
    except Exception as error:
        return raised(task, error)
    job.recording.scrubber = Scrubber.of(task)
    job.report(StepBegan(task.key))
    with job.recording.entered():
        ended = StepCall(task, job.cancelled, job.report).run()
    return ended._replace(output=job.recording.tail.pack())
