"""Runs `async def` steps as tasks on a loop of their own thread, so that none can hold up the actors."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from quarterjack.actors.engine import wall_clock
from quarterjack.actors.runner import AttemptKey, StepBegan, StepEnd, StepReport, StepTask
from quarterjack.storage.plain_data import Packed

from ..step_call import StepCall, raised
from ..step_output import Recording
from ..vault.scrubber import Scrubber
from ..vault.step_secrets import NO_SECRETS, StepSecrets

_CLEAN_UP_SECONDS = 3.0
_CLOSE_SECONDS = 5.0


@dataclass(slots=True)
class _Job:
    task: StepTask
    report: Callable[[StepReport], None]
    recording: Recording
    secrets: StepSecrets
    cancelled: threading.Event = field(default_factory=threading.Event)


class CoroutineRunner:
    """The loop and its thread begin with the first task."""

    def __init__(
        self, now: Callable[[], datetime] = wall_clock, secrets: StepSecrets = NO_SECRETS
    ) -> None:
        self._now = now
        self._secrets = secrets
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._tasks: dict[AttemptKey, asyncio.Task[StepEnd]] = {}
        self._in_flight: dict[AttemptKey, _Job] = {}
        self._ending: asyncio.Task[None] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """There is nothing to warm up."""

    def submit(self, task: StepTask, report: Callable[[StepReport], None]) -> None:
        """Run the attempt as a task."""
        job = self._in_flight[task.key] = _Job(task, report, Recording(self._now), self._secrets)
        self._running_loop().call_soon_threadsafe(self._start, job)

    def cancel(self, key: AttemptKey) -> None:
        """Cancel the task; it ends where it awaits next."""
        job = self._in_flight.get(key)
        if job is not None and self._loop is not None:
            job.cancelled.set()
            self._loop.call_soon_threadsafe(self._cancel, key)

    def in_flight(self, key: AttemptKey) -> bool:
        """Whether it was submitted and has not ended."""
        return key in self._in_flight

    def output(self, key: AttemptKey) -> Packed | None:
        """What a running attempt has written so far."""
        job = self._in_flight.get(key)
        return None if job is None else job.recording.tail.pack()

    def close(self) -> None:
        """Cancel what runs, let it clean up for a few seconds, and end the loop's thread."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None or loop.is_closed():
            return
        loop.call_soon_threadsafe(self._shut_down)
        thread.join(timeout=_CLOSE_SECONDS)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._work, args=(self._loop,), name="quarterjack-async", daemon=True
                )
                self._thread.start()
            return self._loop

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()

    def _start(self, job: _Job) -> None:
        running = asyncio.get_running_loop().create_task(_run(job))
        self._tasks[job.task.key] = running
        running.add_done_callback(lambda done: self._done(job, done))
        if job.cancelled.is_set():
            running.cancel()

    def _done(self, job: _Job, done: asyncio.Task[StepEnd]) -> None:
        """Also of a task that was cancelled before its first turn, and so has done nothing."""
        self._tasks.pop(job.task.key, None)
        self._in_flight.pop(job.task.key, None)
        ended = raised(job.task, asyncio.CancelledError()) if done.cancelled() else done.result()
        job.report(ended._replace(output=job.recording.tail.pack()))

    def _cancel(self, key: AttemptKey) -> None:
        running = self._tasks.get(key)
        if running is not None:
            running.cancel()

    def _shut_down(self) -> None:
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._end())

    async def _end(self) -> None:
        """Cancel all, and let them clean up: a step may have processes to end."""
        tasks = list(self._tasks.values())
        for running in tasks:
            if not running.cancelling():
                running.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLEAN_UP_SECONDS)
        asyncio.get_running_loop().stop()


async def _run(job: _Job) -> StepEnd:
    task = job.task
    with job.recording.entered():
        try:
            if job.secrets.has(task):
                task = await asyncio.to_thread(job.secrets.found, task)
                job.recording.scrubber = Scrubber.of(task)
            job.report(StepBegan(task.key))
            return await StepCall(task, job.cancelled, job.report).run_coroutine()
        except BaseException as error:
            return raised(task, error)
