"""Crontabs that are imported, as people and programs read them: jobs, when they come, what to know."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from quarterjack.actors.policies.cron import CronExpression
from quarterjack.actors.policies.cron_words import describe
from quarterjack.actors.policies.time_zones import time_zone
from quarterjack.storage.instants import format_instant

from .crontab_drafts import DraftedCrontab
from .crontab_file import CrontabJob
from .next_times import local_text, next_times
from .plan_view import plan_form, plan_summary
from .schedule_files import WrittenSchedule
from .schedule_plan import SchedulePlan
from .tables import print_table
from .terminal_text import shown

_NEXT: Final = 2
_MOST_ROWS: Final = 200
_UNKNOWN: Final = "?"


def print_crontabs(
    crontabs: Sequence[DraftedCrontab], plan: SchedulePlan | None, now: datetime
) -> None:
    """A row for each job; `plan` says which are new."""
    jobs = list(_jobs(crontabs))
    actions = _actions(plan)
    rows = [
        _row(path if len(crontabs) > 1 else "", job, schedule, actions, now)
        for path, job, schedule in jobs[:_MOST_ROWS]
    ]
    if rows:
        print_table(("line", "", "time", "in words", "next", "schedule"), rows)
    if len(jobs) > _MOST_ROWS:
        click.echo(f"… and {len(jobs) - _MOST_ROWS} more; --json has all of them")
    if not jobs:
        click.echo("no jobs")
    for gone in [] if plan is None else plan.delete:
        click.echo(f"- {gone['id']}  {shown(gone['name'])}")
    if plan is not None:
        click.echo(plan_summary(plan))


def crontabs_form(
    crontabs: Sequence[DraftedCrontab], plan: SchedulePlan | None, now: datetime
) -> dict[str, Any]:
    """For programs."""
    actions = _actions(plan)
    return {
        "schedules": [
            {
                "file": path,
                "line": job.line,
                "action": actions.get(schedule.key),
                "description": describe(_cron(job, schedule)),
                "next": [format_instant(instant) for instant in _next(job, schedule, now)],
                "schedule": schedule.form,
            }
            for path, job, schedule in _jobs(crontabs)
        ],
        "plan": None if plan is None else plan_form(plan),
        "leftOut": [
            {"file": each.path, "line": job.line, "text": job.text}
            for each in crontabs
            for job in each.crontab.at_boot
        ],
        "notes": list(notes(crontabs)),
    }


def notes(crontabs: Iterable[DraftedCrontab]) -> Iterator[str]:
    """What is not as it was under cron."""
    jobs = [job for each in crontabs for job in each.crontab.jobs]
    for each in crontabs:
        for job in each.crontab.at_boot:
            yield (
                f"{each.path}:{job.line}: left out: Quarterjack starts nothing at boot; for "
                f"{shown(job.shell)!r:.80} use a systemd unit with WantedBy=multi-user.target"
            )
        if each.crontab.has_windows_lines:
            yield f"{each.path}: has Windows line ends; they are left out"
    users = sorted({job.user for job in jobs if job.user is not None})
    if users:
        yield (
            f"jobs of {', '.join(users)}: all run as the server's own user; "
            "the user's name is kept in metadata.crontab"
        )
    if any(job.environment.get("MAILTO") for job in jobs):
        yield "MAILTO is kept in metadata.crontab; no mail is sent, the output is in the steps' logs"


def _jobs(
    crontabs: Iterable[DraftedCrontab],
) -> Iterator[tuple[str, CrontabJob, WrittenSchedule]]:
    for each in crontabs:
        for job, schedule in zip(each.crontab.jobs, each.schedules, strict=True):
            yield each.path, job, schedule


def _actions(plan: SchedulePlan | None) -> dict[str, str]:
    if plan is None:
        return {}
    found = dict.fromkeys(plan.unchanged, "unchanged")
    found |= {each.key: "create" for each in plan.create}
    return found | {each.wanted.key: "change" for each in plan.change}


def _row(
    path: str,
    job: CrontabJob,
    schedule: WrittenSchedule,
    actions: dict[str, str],
    now: datetime,
) -> tuple[str, ...]:
    zone = _zone(schedule)
    times = [local_text(instant, zone) for instant in _next(job, schedule, now)]
    return (
        f"{path}:{job.line}" if path else str(job.line),
        actions.get(schedule.key, _UNKNOWN),
        job.time,
        f"{describe(_cron(job, schedule))} ({zone.key})",
        "\n".join(times) or "never",
        f"{schedule.form['name']}\n{schedule.key}",
    )


def _zone(schedule: WrittenSchedule) -> ZoneInfo:
    return time_zone(schedule.form["scheduleConfig"]["timezone"])


def _next(job: CrontabJob, schedule: WrittenSchedule, now: datetime) -> list[datetime]:
    return list(next_times(_cron(job, schedule), _zone(schedule), now, _NEXT))


def _cron(job: CrontabJob, schedule: WrittenSchedule) -> CronExpression:
    return CronExpression(job.time, schedule.key)
