"""The jobs of a crontab as schedules of `quarterjack.command`, with the same ids each time. Pure."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from quarterjack.runtime.builtin.names import COMMAND

from .crontab_file import Crontab, CrontabJob, short_name
from .schedule_files import WrittenSchedule

PLAIN_SHELL: Final = "/bin/sh"
_MAILTO: Final = "MAILTO"
_LONGEST_STEM: Final = 30


@dataclass(frozen=True, slots=True)
class CrontabTerms:
    """What holds for every job of a file."""

    file: str
    """By this name the file is known at the next import."""
    timezone: str
    """Of jobs without a `CRON_TZ`."""
    timeout: str
    overlap: str | None = None
    cwd: str | None = None


@dataclass(frozen=True, slots=True)
class DraftedCrontab:
    """A crontab, and the schedules that its jobs become: one for each, in the same order."""

    path: str
    name: str
    crontab: Crontab
    schedules: Sequence[WrittenSchedule]


def drafted(path: str, crontab: Crontab, terms: CrontabTerms) -> DraftedCrontab:
    """The crontab that was read from a path."""
    forms = schedules_of(crontab.jobs, terms)
    schedules = [
        WrittenSchedule(f"{path}:{job.line}", form["id"], form)
        for job, form in zip(crontab.jobs, forms, strict=True)
    ]
    return DraftedCrontab(path, terms.file, crontab, schedules)


def schedules_of(jobs: Iterable[CrontabJob], terms: CrontabTerms) -> Iterator[dict[str, Any]]:
    """A schedule for each job.

    Its id follows from the file's name, the user and the command, so another time, comment or place
    in the file changes it. The same command on several lines: they are counted.
    """
    seen: Counter[tuple[str | None, str, str | None]] = Counter()
    for job in jobs:
        same = (job.user, job.shell, job.input)
        seen[same] += 1
        yield _schedule(job, terms, _id(job, terms.file, seen[same]))


def _schedule(job: CrontabJob, terms: CrontabTerms, key: str) -> dict[str, Any]:
    name = short_name(job)
    config = {"cron": job.time, "timezone": job.timezone or terms.timezone}
    if terms.overlap is not None:
        config["overlap"] = terms.overlap
    about = {
        "file": terms.file,
        "entry": job.text,
        "user": job.user,
        "mailTo": job.environment.get(_MAILTO),
    }
    return {
        "id": key,
        "workflowId": COMMAND,
        "name": name,
        "description": "" if job.comment == name else job.comment,
        "scheduleConfig": config,
        "executionConfig": {"params": _params(job, terms)},
        "metadata": {"crontab": {key: value for key, value in about.items() if value is not None}},
    }


def _params(job: CrontabJob, terms: CrontabTerms) -> dict[str, Any]:
    environment = {name: value for name, value in job.environment.items() if name != _MAILTO}
    shell = environment.get("SHELL") or PLAIN_SHELL
    params: dict[str, Any] = {"timeout": terms.timeout}
    if shell == PLAIN_SHELL:
        params["shell"] = job.shell
    else:
        params["argv"] = [shell, "-c", job.shell]
    folder = environment.get("HOME") or terms.cwd
    for name, value in (("env", environment), ("input", job.input), ("cwd", folder)):
        if value:
            params[name] = value
    return params


def _id(job: CrontabJob, file: str, number: int) -> str:
    parts = (file, job.user or "", job.shell, job.input or "", str(number))
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=6).hexdigest()
    stem = re.sub(r"[^A-Za-z0-9]+", "-", file.rpartition("/")[2], flags=re.ASCII).strip("-")
    return f"cron-{stem[:_LONGEST_STEM] or 'tab'}-{digest}"
