"""Runs an example on a virtual clock."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from quarterjack.actors.engine import VirtualClock
from quarterjack.runtime import Execution, Workflow
from quarterjack.runtime.testing import VirtualRuntime

Play = Callable[..., Execution]


@pytest.fixture
def play() -> Play:
    """Runs a workflow at an instant, to its end."""

    def run(workflow: Workflow, at: datetime, **params: Any) -> Execution:
        with VirtualRuntime(workflows=[workflow], clock=VirtualClock(at)) as runtime:
            return runtime.wait_for(runtime.run(workflow.id, params=params).get()).get()

    return run
