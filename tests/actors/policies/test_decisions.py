"""Overlap, catch-up, retry and the order of steps: tables of what is decided."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarterjack.actors.policies import catch_up, overlap, retry
from quarterjack.actors.policies.overlap import Decision
from quarterjack.actors.policies.timetable import Occurrence
from quarterjack.storage import CatchUp, FireOutcome, FireReason, Overlap, Retry


@pytest.mark.parametrize(
    ("policy", "running", "queued", "decision"),
    [
        (Overlap.SKIP, 0, 0, Decision.RUN),
        (Overlap.SKIP, 1, 0, Decision.SKIP),
        (Overlap.SKIP, 0, 1, Decision.SKIP),
        (Overlap.QUEUE_ONE, 0, 0, Decision.RUN),
        (Overlap.QUEUE_ONE, 1, 0, Decision.RUN),
        (Overlap.QUEUE_ONE, 1, 1, Decision.SKIP),
        (Overlap.QUEUE_ALL, 1, 9, Decision.RUN),
        (Overlap.CANCEL_RUNNING, 0, 0, Decision.RUN),
        (Overlap.CANCEL_RUNNING, 1, 0, Decision.REPLACE),
        (Overlap.CANCEL_RUNNING, 0, 1, Decision.REPLACE),
        (Overlap.ALLOW, 9, 9, Decision.RUN),
    ],
)
def test_overlap(policy: Overlap, running: int, queued: int, decision: Decision) -> None:
    assert overlap.decide(policy, running=running, queued=queued) is decision


@pytest.mark.parametrize("policy", Overlap)
def test_only_allow_lets_a_schedule_run_beside_itself_without_limit(policy: Overlap) -> None:
    expected = None if policy is Overlap.ALLOW else 3

    assert overlap.concurrency(policy, 3) == expected


NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
MISSED = FireOutcome.MISSED
WINDOW = timedelta(minutes=30)


def _ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("policy", "ages", "expected"),
    [
        pytest.param(CatchUp.SKIP, [], [], id="nothing"),
        pytest.param(CatchUp.SKIP, [0.1], [(FireOutcome.STARTED, None)], id="on time"),
        pytest.param(
            CatchUp.SKIP,
            [20, 10],
            [(MISSED, FireReason.CATCH_UP_SKIPPED)] * 2,
            id="skip leaves all",
        ),
        pytest.param(
            CatchUp.LATEST,
            [40, 20, 10],
            [
                (MISSED, FireReason.CATCH_UP_WINDOW),
                (MISSED, FireReason.SUPERSEDED),
                (FireOutcome.CAUGHT_UP, None),
            ],
            id="latest takes the newest in the window",
        ),
        pytest.param(
            CatchUp.LATEST,
            [10, 0],
            [(MISSED, FireReason.SUPERSEDED), (FireOutcome.STARTED, None)],
            id="latest is content with one on time",
        ),
        pytest.param(
            CatchUp.ALL,
            [40, 20, 10, 0],
            [
                (MISSED, FireReason.CATCH_UP_WINDOW),
                (FireOutcome.CAUGHT_UP, None),
                (FireOutcome.CAUGHT_UP, None),
                (FireOutcome.STARTED, None),
            ],
            id="all takes what is in the window",
        ),
    ],
)
def test_catch_up(
    policy: CatchUp, ages: list[float], expected: list[tuple[FireOutcome, FireReason | None]]
) -> None:
    due = [Occurrence(_ago(age), _ago(age)) for age in ages]

    verdicts = catch_up.decide(policy, due, now=NOW, window=WINDOW)

    assert [verdict.occurrence for verdict in verdicts] == due
    assert [(verdict.outcome, verdict.reason) for verdict in verdicts] == expected


@pytest.mark.parametrize(
    ("period", "window"),
    [
        (timedelta(minutes=5), timedelta(minutes=5)),
        (timedelta(days=1), timedelta(hours=1)),
        (None, timedelta(hours=1)),
    ],
)
def test_the_window_is_a_period_at_most_an_hour(
    period: timedelta | None, window: timedelta
) -> None:
    assert catch_up.default_window(period) == window


def test_the_wait_before_each_attempt_grows_up_to_its_limit() -> None:
    rule = Retry(attempts=6, backoff="2s", factor=3, max_backoff="30s")

    waits = [retry.delay(rule, attempt) for attempt in range(1, 7)]

    seconds = [None if wait is None else wait.total_seconds() for wait in waits]
    assert seconds == [2, 6, 18, 30, 30, None]


def test_without_a_rule_a_step_is_tried_once() -> None:
    assert retry.delay(Retry(), 1) is None


@given(st.integers(1, 1_000), st.integers(1, 1_000), st.floats(1, 100))
@settings(max_examples=50, deadline=None, database=None)
def test_no_wait_is_longer_than_the_limit(attempts: int, attempt: int, factor: float) -> None:
    wait = retry.delay(Retry(attempts=attempts, factor=factor, max_backoff="1h"), attempt)

    assert (wait is None) == (attempt >= attempts)
    assert wait is None or timedelta(0) < wait <= timedelta(hours=1)


def test_what_a_dying_server_cut_off_waits_longer_each_time_and_is_given_up_at_last() -> None:
    waits = [retry.delay_after_loss(lost) for lost in range(1, 12)]
    seconds = [wait.total_seconds() for wait in waits if wait is not None]

    assert seconds == [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert waits[-1] is None


@given(st.integers(1, retry.INTERRUPTIONS), st.text(max_size=30))
def test_those_that_were_cut_off_together_do_not_all_begin_together(lost: int, seed: str) -> None:
    whole, wait = retry.delay_after_loss(lost), retry.delay_after_loss(lost, seed=seed)

    assert whole is not None
    assert wait is not None
    assert whole / 2 <= wait <= whole
