"""Where steps stand when attempts are lost: what counts as the server's fault, and what as the step's."""

from datetime import UTC, datetime, timedelta

from quarterjack.actors.step_ledger import INTERRUPTED, STOPPED, StepLedger
from quarterjack.actors.workflow import Workflow
from quarterjack.storage import Failure, Retry, StepStatus

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TWICE = Retry(attempts=2, backoff="1m")


def _ledger(seed: str = "") -> StepLedger:
    flow = Workflow("flow")
    flow.step(name="work")(lambda: None)
    return StepLedger(flow.steps, flow.graph, seed)


def _fail(ledger: StepLedger, kind: str) -> timedelta | None:
    ledger.begin("work", NOW)
    _, wait = ledger.fail("work", NOW, Failure(kind, "because"), TWICE)
    return wait


def test_ten_losses_in_a_row_are_the_server_s_fault_and_the_next_is_the_step_s() -> None:
    ledger = _ledger()
    waits = [_fail(ledger, INTERRUPTED) for _ in range(11)]

    assert waits[0] == timedelta(0)
    assert None not in waits[:10]
    assert waits[10] is None
    assert ledger["work"].status is StepStatus.FAILED


def test_losses_count_no_more_once_an_attempt_has_ended_in_another_way() -> None:
    ledger = _ledger()
    for _ in range(9):
        _fail(ledger, INTERRUPTED)

    assert _fail(ledger, STOPPED) == timedelta(0)
    assert _fail(ledger, INTERRUPTED) == timedelta(0)


def test_losses_are_no_attempts_of_the_step_s_own() -> None:
    ledger = _ledger()
    _fail(ledger, INTERRUPTED)

    assert _fail(ledger, "ValueError") == timedelta(minutes=1)
    assert _fail(ledger, STOPPED) == timedelta(0)
    assert _fail(ledger, "ValueError") is None


def test_steps_that_were_lost_together_wait_differently() -> None:
    waits = set()
    for number in range(10):
        ledger = _ledger(f"exe_{number}")
        _fail(ledger, INTERRUPTED)
        waits.add(_fail(ledger, INTERRUPTED))

    assert len(waits) == 10
