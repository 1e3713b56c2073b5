"""What becomes of a webhook's delivery after an attempt."""

from datetime import UTC, datetime, timedelta

import pytest

from quarterjack.actors.policies.webhook_verdict import Verdict, said_wait, verdict
from quarterjack.actors.sender import RETRY
from quarterjack.storage import Retry
from quarterjack.storage.webhook_records import DeliveryStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAIN = Retry(attempts=3, backoff="10s", factor=2)
DAY = timedelta(days=1)


def judged(status: int | None, attempts: int = 1, retry_after: str | None = None) -> Verdict:
    return verdict(status, retry_after, attempts, retry=PLAIN, now=NOW, seed="m 1")


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_two_hundred_and_something_is_delivered(status: int) -> None:
    assert judged(status) == Verdict(DeliveryStatus.DELIVERED)


@pytest.mark.parametrize("status", [None, 100, 199, 301, 307, 400, 404, 500, 599])
def test_everything_else_is_tried_again_later(status: int | None) -> None:
    assert judged(status) == Verdict(DeliveryStatus.FAILED, NOW + timedelta(seconds=10))
    assert judged(status, 2) == Verdict(DeliveryStatus.FAILED, NOW + timedelta(seconds=20))
    assert judged(status, 3) == Verdict(DeliveryStatus.GIVEN_UP)


def test_410_switches_the_webhook_off() -> None:
    found = judged(410)
    assert (found.status, found.next_attempt_at) == (DeliveryStatus.GIVEN_UP, None)
    assert "410 Gone" in found.disable


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_receiver_says_when_to_come_again(status: int) -> None:
    later = NOW + timedelta(seconds=90)
    assert judged(status, 1, "90") == Verdict(DeliveryStatus.FAILED, later, hold_until=later)
    sooner = NOW + timedelta(seconds=1)
    found = judged(status, 1, "1")
    assert found == Verdict(DeliveryStatus.FAILED, NOW + timedelta(seconds=10), hold_until=sooner)
    assert judged(status, 3, "90") == Verdict(DeliveryStatus.GIVEN_UP, hold_until=later)


def test_retry_after_counts_with_those_statuses_only() -> None:
    assert judged(500, 1, "90").hold_until is None


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("0", timedelta(0)),
        (" 120 ", timedelta(seconds=120)),
        ("9" * 400, DAY),
        ("Sun, 01 Mar 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", timedelta(0)),
        ("Mon, 01 Mar 2027 12:00:00 GMT", DAY),
        ("Sun, 01 Mar 2026 12:00:30", timedelta(seconds=30)),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("١٢", None),
        ("Sun, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
def test_the_forms_of_retry_after_are_read(header: str | None, wait: timedelta | None) -> None:
    assert said_wait(header, NOW) == wait


@pytest.mark.parametrize("seed", ["a", "b", "c"])
def test_the_attempts_are_spread_over_most_of_a_day(seed: str) -> None:
    whole = timedelta(0)
    for attempt in range(1, RETRY.attempts):
        found = verdict(500, None, attempt, retry=RETRY, now=NOW, seed=f"{seed} {attempt}")
        assert found.next_attempt_at is not None
        whole += found.next_attempt_at - NOW

    assert timedelta(hours=18) < whole < timedelta(hours=24)
