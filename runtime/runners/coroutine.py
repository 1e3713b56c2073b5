"""Runs `async def` steps as tasks on a loop of their own thread, so that none can hold up the actors."""

import asyncio
import threading
from collections.abc import Callable

from quarterjack.actors.runner import AttemptKey, StepBegan, StepReport, StepTask
from quarterjack.storage.plain_data import Packed

from ..step_call import StepCall, raised

_CLEAN_UP_SECONDS = 3.0
_CLOSE_SECONDS = 5.0


class CoroutineRunner:
    """The loop and its thread begin with the first task."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._tasks: dict[AttemptKey, asyncio.Task[StepReport]] = {}
        self._in_flight: dict[AttemptKey, threading.Event] = {}
        self._ending: asyncio.Task[None] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """There is nothing to warm up."""

    def submit(self, task: StepTask, report: Callable[[StepReport], None]) -> None:
        """Run the attempt as a task."""
        cancelled = self._in_flight[task.key] = threading.Event()
        self._running_loop().call_soon_threadsafe(self._start, task, report, cancelled)

    def cancel(self, key: AttemptKey) -> None:
        """Cancel the task; it ends where it awaits next."""
        cancelled = self._in_flight.get(key)
        if cancelled is not None and self._loop is not None:
            cancelled.set()
            self._loop.call_soon_threadsafe(self._cancel, key)

    def in_flight(self, key: AttemptKey) -> bool:
        """Whether it was submitted and has not ended."""
        return key in self._in_flight

    def output(self, key: AttemptKey) -> Packed | None:  # noqa: ARG002
        """Not kept."""
        return None

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

    def _start(
        self, task: StepTask, report: Callable[[StepReport], None], cancelled: threading.Event
    ) -> None:
        running = asyncio.get_running_loop().create_task(_run(task, report, cancelled))
        self._tasks[task.key] = running
        running.add_done_callback(lambda done: self._done(task, report, done))
        if cancelled.is_set():
            running.cancel()

    def _done(
        self,
        task: StepTask,
        report: Callable[[StepReport], None],
        done: asyncio.Task[StepReport],
    ) -> None:
        """Also of a task that was cancelled before its first turn, and so has done nothing."""
        self._tasks.pop(task.key, None)
        self._in_flight.pop(task.key, None)
        report(raised(task, asyncio.CancelledError()) if done.cancelled() else done.result())

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


async def _run(
    task: StepTask, report: Callable[[StepReport], None], cancelled: threading.Event
) -> StepReport:
    try:
        report(StepBegan(task.key))
        return await StepCall(task, cancelled, report).run_coroutine()
    except BaseException as error:
        return raised(task, error)
