"""Workflows on what every machine has: models for your own, and what `quarterjack demo` runs.

`MODULES` are their names for `quarterjack serve --app`; `WORKFLOWS` are the demo's, which
`demo_schedules` schedules. `service_watch` and `failure_mail` are programs:
`python -m quarterjack.examples.service_watch`.
"""

from pathlib import Path
from typing import Any

from quarterjack.runtime import Workflow

from .disk_watch import disk_watch
from .dst_watch import dst_watch
from .self_care import self_care

MODULES = tuple(
    f"{__name__}.{name}"
    for name in (
        "log_archive",
        "docs_check",
        "release",
        "backup_set",
        "link_check",
        "folder_mirror",
        "mail_out",
        "chat_notice",
        "dst_watch",
        "disk_watch",
        "self_care",
    )
)
WORKFLOWS: tuple[Workflow, ...] = (dst_watch, disk_watch, self_care)

__all__ = ["MODULES", "WORKFLOWS", "demo_schedules", "disk_watch", "dst_watch", "self_care"]


def demo_schedules(output: Path, database: Path) -> list[tuple[str, dict[str, Any]]]:
    """The demo's schedules: an id and a draft each, all due several times a minute.

    Reports go into `output`; `database` is the file that the server uses.
    """
    reports = str(output)
    return [
        (
            "sch_demo-dst-watch",
            {
                "workflowId": dst_watch.id,
                "name": "DST watch",
                "description": "Which time zones change their clocks in the next 60 days.",
                "scheduleConfig": {"cron": "*/20 * * * * *", "timezone": "UTC"},
                "executionConfig": {"params": {"output": reports, "days": 60}},
            },
        ),
        (
            "sch_demo-disk-watch",
            {
                "workflowId": disk_watch.id,
                "name": "Disk watch",
                "description": "What takes the space in the Python installation, and its growth.",
                "scheduleConfig": {"cron": "5,35 * * * * *", "timezone": "UTC"},
                "executionConfig": {"params": {"output": reports}},
            },
        ),
        (
            "sch_demo-self-care",
            {
                "workflowId": self_care.id,
                "name": "Self-care",
                "description": "A checked backup of Quarterjack's own database.",
                "scheduleConfig": {"cron": "10,40 * * * * *", "timezone": "UTC"},
                "executionConfig": {
                    "params": {"database": str(database), "output": reports, "keep": 5}
                },
            },
        ),
    ]
