"""What the library cronsim says of a case, and why it may say something else than cron(8)."""

import re
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import pairwise
from zoneinfo import ZoneInfo

from cron_cases import DAY, Case, Change
from cron_model import CORRECTION, Job
from cronsim import CronSim

HOUR = timedelta(hours=1)


class Reason(Enum):
    """Each tells what cronsim 2.8 does otherwise; in its own words or by its source."""

    SIX_FIELDS = (
        "with seconds, it has no rule for fixed jobs: gaps swallow them, overlaps repeat them"
    )
    CORRECTION = "it takes changes of more than three hours as it takes any other"
    SECOND_PASS = "asked in an overlap's second pass, it begins again with the first"
    OVER_MIDNIGHT = "it goes on day by day, and does not go back to a day that an overlap repeats"
    ROUND_MIDNIGHT = "at midnight, it goes back to the first pass of an overlap, again and again"
    GAP_AT_MIDNIGHT = "it enters a day by its midnight, also by one that a gap leaves out"
    PART_OF_HOUR = "it goes on by whole hours, also from and over a change in the middle of one"


def said(case: Case) -> list[datetime]:
    """Its instants, as it gives them.

    One difference is of the grammar, and taken away before: cronsim reads `7-7/10` as `7-59/10`.
    """
    expression = re.sub(r"\b(\d+)-\1/\d+", r"\1", case.expression).replace("l", "L")
    found: list[datetime] = []
    for instant in CronSim(expression, case.after.astimezone(ZoneInfo(case.change.zone))):
        if instant.astimezone(UTC) > case.end:
            break
        found.append(instant.astimezone(UTC))
        if goes_back(found[-2:]):  # it would do so for ever
            break
    return found


def goes_back(instants: list[datetime]) -> bool:
    """Whether one is not later than the one before it."""
    return any(later <= earlier for earlier, later in pairwise(instants))


def reason(case: Case, ours: list[datetime], theirs: list[datetime]) -> Reason | None:
    """Why they differ; None: nobody knows."""
    job, change = Job(case.expression), case.change
    settled = change.at + abs(change.jump)
    different = set(ours) ^ set(theirs)
    if change.at <= case.after < change.at - change.jump and min(theirs) <= case.after:
        return Reason.SECOND_PASS
    if job.has_seconds and not job.is_wildcard:
        return Reason.SIX_FIELDS if within(different, change.at, settled + DAY) else None
    before, after = shown_at(change, -timedelta(seconds=1)), shown_at(change, timedelta(0))
    in_an_hour = bool(change.jump % HOUR) or after.minute > 0
    if job.is_wildcard and in_an_hour and within(different, change.at, settled + DAY):
        return Reason.PART_OF_HOUR
    if goes_back(theirs):
        return Reason.ROUND_MIDNIGHT if after.date() < before.date() else None
    if not within(different, change.at, settled + HOUR):
        return None
    if abs(change.jump) > CORRECTION:
        return Reason.CORRECTION
    if job.is_wildcard and after.date() < before.date():
        return Reason.OVER_MIDNIGHT
    if job.is_wildcard and after.date() > before.date():
        return Reason.GAP_AT_MIDNIGHT
    return None


def shown_at(change: Change, distance: timedelta) -> datetime:
    """What the clock on the wall shows, so far from the change."""
    return (change.at + distance).astimezone(ZoneInfo(change.zone))


def within(instants: set[datetime], first: datetime, last: datetime) -> bool:
    """Whether all of them are in the stretch."""
    return all(first <= each <= last for each in instants)
