"""What to do with due instants that are decided late: after down time, a pause or a suspend. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from quarterjack.storage import CatchUp, FireOutcome, FireReason

from .timetable import Occurrence

ON_TIME = timedelta(seconds=10)
"""Up to here an instant is merely late, and fires whatever the policy."""
LONGEST_WINDOW = timedelta(hours=1)


class Verdict(NamedTuple):
    """What becomes of one due instant; a reason where it makes no execution."""

    occurrence: Occurrence
    outcome: FireOutcome
    reason: FireReason | None = None


def default_window(period: timedelta | None) -> timedelta:
    """How old a missed instant may be when the schedule does not say: a period, at most an hour."""
    return LONGEST_WINDOW if period is None else min(period, LONGEST_WINDOW)


def decide(
    policy: CatchUp,
    due: Sequence[Occurrence],
    *,
    now: datetime,
    window: timedelta,
    resumed_at: datetime | None = None,
    more: bool = False,
) -> list[Verdict]:
    """One verdict for each occurrence (given oldest first): fire, catch up, or leave it missed.

    `latest` makes one execution of all the missed ones, and none if an instant is due on time, or
    if there are `more` to be decided after these.
    What was to fire before `resumed_at` was missed because of a pause, and its reason is that.
    """
    on_time = [each for each in due if now - each.fires_at <= ON_TIME]
    missed = [each for each in due if now - each.fires_at > ON_TIME]
    verdicts = []
    for each in missed:
        superseded = more or bool(on_time) or each is not missed[-1]
        reason = _why_missed(policy, now - each.fires_at, window, superseded=superseded)
        if reason is None:
            verdicts.append(Verdict(each, FireOutcome.CAUGHT_UP))
            continue
        if resumed_at is not None and each.fires_at < resumed_at:
            reason = FireReason.PAUSED
        verdicts.append(Verdict(each, FireOutcome.MISSED, reason))
    return verdicts + [Verdict(each, FireOutcome.STARTED) for each in on_time]


def _why_missed(
    policy: CatchUp, age: timedelta, window: timedelta, *, superseded: bool
) -> FireReason | None:
    if policy is CatchUp.SKIP:
        return FireReason.CATCH_UP_SKIPPED
    if age > window:
        return FireReason.CATCH_UP_WINDOW
    if policy is CatchUp.LATEST and superseded:
        return FireReason.SUPERSEDED
    return None
