"""Child specifications: what means nothing is refused where it is given."""

from datetime import timedelta
from typing import Any

import pytest

from quarterjack.actors.engine import Actor, Backoff, ChildSpec, EngineError, Placement, Restart


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"id": ""}, "'' is no child id: it is a part of a path", id="no-id"),
        pytest.param({"id": "a/b"}, "'a/b' is no child id", id="slash"),
        pytest.param(
            {"restart": Restart.TEMPORARY, "backoff": Backoff()},
            "x: a temporary child is never restarted; drop backoff",
            id="temporary-with-backoff",
        ),
        pytest.param({"mailbox_limit": 0}, "x: a mailbox holds at least one message", id="no-room"),
        pytest.param(
            {"shutdown": timedelta(seconds=-1)},
            "x: shutdown is a span of time, 0 or more",
            id="negative-shutdown",
        ),
    ],
)
def test_a_combination_that_means_nothing_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(EngineError, match=message):
        ChildSpec(**{"id": "x", "start": Actor, **options})


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="defaults"),
        pytest.param({"shutdown": timedelta(0)}, id="at-once"),
        pytest.param({"mailbox_limit": 1}, id="one-message"),
        pytest.param({"restart": Restart.TRANSIENT, "backoff": Backoff()}, id="backoff"),
        pytest.param({"restart": Restart.TEMPORARY}, id="temporary"),
    ],
)
def test_a_combination_that_means_something_is_taken(options: dict[str, Any]) -> None:
    assert ChildSpec("x", Actor, **options).id == "x"


def test_the_defaults_are_those_of_a_permanent_worker() -> None:
    spec = ChildSpec("x", Actor)

    assert spec.restart is Restart.PERMANENT
    assert spec.shutdown == timedelta(seconds=5)
    assert spec.placement is Placement.LOOP
    assert spec.mailbox_limit is None
    assert spec.kind == "worker"
