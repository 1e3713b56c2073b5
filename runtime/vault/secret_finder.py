"""Finds the secrets of steps for a runner that must not block: on a few threads, made when needed."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from quarterjack.actors.runner import StepRaised, StepTask

from ..step_call import raised
from .step_secrets import StepSecrets

_THREADS: Final = 4

Then = Callable[[StepTask | StepRaised], None]


class SecretFinder:
    """Safe to use from several threads; after `close` nothing more is found."""

    def __init__(self, secrets: StepSecrets) -> None:
        self._secrets = secrets
        self._threads: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._closed = False

    def find(self, task: StepTask, then: Then) -> None:
        """Call back with the task and its secrets, or how it failed; at once if it has none."""
        if not self._secrets.has(task):
            then(task)
            return
        with self._lock:
            if self._closed:
                return
            if self._threads is None:
                name = "quarterjack-secrets"
                self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=name)
            self._threads.submit(self._find, task, then)

    def close(self) -> None:
        """Give the threads back; one that waits for a file is left behind."""
        with self._lock:
            self._closed = True
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _find(self, task: StepTask, then: Then) -> None:
        found: StepTask | StepRaised
        try:
            found = self._secrets.found(task)
        except Exception as error:
            found = raised(task, error)
        then(found)
