"""What to do with due instants that are decided late: after down time, a pause or a suspend. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from quarterjack.storage import CatchUp, FireOutcome, FireReason

ON_TIME = timedelta(seconds=10)
"""Up to here an instant is merely late, and fires whatever the policy."""
LONGEST_WINDOW = timedelta(hours=1)


class Verdict(NamedTuple):
    """What becomes of one due instant; a reason where it makes no execution."""

    due: datetime
    outcome: FireOutcome
    reason: FireReason | None = None


def default_window(period: timedelta | None) -> timedelta:
    """How old a missed instant may be when the schedule does not say: a period, at most an hour."""
    return LONGEST_WINDOW if period is None else min(period, LONGEST_WINDOW)


def decide(
    policy: CatchUp, due: Sequence[datetime], *, now: datetime, window: timedelta
) -> list[Verdict]:
    """One verdict for each due instant (given oldest first): fire, catch up, or leave it missed.

    `latest` makes one execution of all the missed ones, and none if an instant is due on time.
    """
    on_time = [instant for instant in due if now - instant <= ON_TIME]
    missed = [instant for instant in due if now - instant > ON_TIME]
    verdicts = [
        _missed(policy, instant, now, window, superseded=bool(on_time) or instant != missed[-1])
        for instant in missed
    ]
    return verdicts + [Verdict(instant, FireOutcome.STARTED) for instant in on_time]


def _missed(
    policy: CatchUp, instant: datetime, now: datetime, window: timedelta, *, superseded: bool
) -> Verdict:
    if policy is CatchUp.SKIP:
        return Verdict(instant, FireOutcome.MISSED, FireReason.CATCH_UP_SKIPPED)
    if now - instant > window:
        return Verdict(instant, FireOutcome.MISSED, FireReason.CATCH_UP_WINDOW)
    if policy is CatchUp.LATEST and superseded:
        return Verdict(instant, FireOutcome.MISSED, FireReason.SUPERSEDED)
    return Verdict(instant, FireOutcome.CAUGHT_UP)
