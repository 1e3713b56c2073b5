"""A worker process from its start to its end: imports the workflows' modules once, then calls steps.

Three stages, in this order: `connect` (before anything can fail, so that what fails is heard),
`warm` and `serve`. A worker whose step was cancelled, ran out of memory or left children that can't be
ended is not used again.
"""

import importlib
import os
import signal
import socket
import threading
from dataclasses import dataclass
from typing import Any, Final

from quarterjack.actors.runner import (
    StepBegan,
    StepEmitted,
    StepProgressed,
    StepRaised,
    StepReport,
    StepTask,
)
from quarterjack.actors.step import Step, step_of
from quarterjack.actors.workflow import Workflow
from quarterjack.storage import Failure, WorkflowId

from ..importable import Modules, workflows_of
from ..step_call import StepCall, failure_of, kinds_of
from ..vault.scrubber import Scrubber
from .channel import Channel, Job
from .frames import FromWorker
from .leftovers import Leftovers
from .memory_limit import explained, is_out_of_memory, limited
from .packed_task import packed_report, unpacked_task
from .pulse import Pulse
from .streams import Streams
from .surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Ends:
    """The worker's ends of what connects it with the server, as file descriptors."""

    channel: int
    stdout: int
    stderr: int
    log: int


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker needs to know before the first step."""

    modules: Modules
    environ: dict[str, str]


class NotFoundAgain(LookupError):
    """A worker does not have a step that the server has: the code has changed meanwhile."""


class Worker:
    """One per worker process."""

    def __init__(self, ends: Ends) -> None:
        self.channel = Channel(socket.socket(fileno=ends.channel))
        self._streams = Streams(ends.stdout, ends.stderr, ends.log)
        self._workflows: dict[WorkflowId, Workflow] = {}
        self._surroundings: Surroundings
        self._leftovers: Leftovers

    def warm(self, setup: Setup) -> None:
        """Import the modules, and find the workflows in them."""
        os.environ.clear()
        os.environ.update(setup.environ)
        try:
            for name in setup.modules.names:
                for workflow in workflows_of(importlib.import_module(name)):
                    self._workflows[workflow.id] = workflow
            for key in setup.modules.workflow_ids:
                if key not in self._workflows:
                    raise NotFoundAgain(f"importing its module again made no workflow {key!r}")
        except BaseException as error:
            failure = failure_of(error)
            self.channel.send(FromWorker.UNABLE, failure.type, failure.message)
            raise

    def serve(self) -> None:
        """Run steps until the server wants no more."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._leftovers = Leftovers()
        self.channel.open()
        self._streams.put_back()
        self._surroundings = Surroundings()
        self.channel.send(FromWorker.READY)
        while (job := self.channel.next_job()) is not None and self._serve(job):
            pass
        self.channel.leave()

    def _serve(self, job: Job) -> bool:
        """Run one; whether this worker is as good as new."""
        self._streams.put_back()
        report, reusable = self._outcome(job)
        self._streams.flush()
        ended = self._leftovers.end()
        self._surroundings.put_back()
        good = reusable and ended and not job.cancelled.is_set()
        if not good:
            self.channel.send(FromWorker.LEAVING)
        self.channel.send(*packed_report(report))
        return good

    def _outcome(self, job: Job) -> tuple[StepReport, bool]:
        report: StepReport
        limit: int | None = None
        pulse = Pulse(self.channel)
        try:
            task = unpacked_task(job.fields, self._find)
            limit = task.step.memory
            self._streams.scrub(Scrubber.of(task))
            report = self._called(task, job.cancelled, pulse)
        except BaseException as error:
            key: Any = job.fields[0]
            report = StepRaised(key, failure_of(error), kinds_of(error))
        self.channel.finish()
        pulse.flush()
        return explained(report, limit), not is_out_of_memory(report)

    def _called(self, task: StepTask, cancelled: threading.Event, pulse: Pulse) -> StepReport:
        if cancelled.is_set():
            return StepRaised(task.key, Failure("Cancelled", "it was cancelled before it began"))

        def report(told: StepReport) -> None:
            if isinstance(told, StepProgressed):
                pulse.progress(told)
            elif isinstance(told, StepEmitted):
                self.channel.send(*packed_report(told))

        self.channel.send(*packed_report(StepBegan(task.key)))
        with limited(task.step.memory):
            return StepCall(task, cancelled, report).run()

    def _find(self, key: WorkflowId, run: str) -> Step:
        try:
            return self._workflows[key].steps[step_of(run)]
        except KeyError:
            raise NotFoundAgain(
                f"the worker's workflow {key!r} has no step {step_of(run)!r}; "
                "its module makes another workflow when it is imported again"
            ) from None


_WORKER: Final[list[Worker]] = []


def connect(ends: Ends) -> None:
    """First: a process group of its own, and a way to be heard."""
    os.setpgid(0, 0)
    for each in (ends.channel, ends.stdout, ends.stderr, ends.log):
        os.set_inheritable(each, False)
    _WORKER.append(Worker(ends))


def warm(setup: Setup) -> None:
    """Second; an error here ends the worker."""
    _WORKER[0].warm(setup)


def serve() -> None:
    """Third, until the end."""
    _WORKER[0].serve()
