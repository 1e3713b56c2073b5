"""A database that a team has used for weeks: made on the virtual clock, up to now, by the real runtime."""

import sqlite3
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from quarterjack.actors.engine import VirtualClock, wall_clock
from quarterjack.actors.workflow import Workflow
from quarterjack.runtime.testing import VirtualRuntime
from quarterjack.runtime.workflow_loader import load_workflows

APPS = Path(__file__).parent.parent / "browser" / "apps"
PARIS, KOLKATA = "Europe/Paris", "Asia/Kolkata"

SCHEDULES: list[tuple[str, str, dict[str, Any]]] = [
    ("Nightly sales report, Europe", "daily-report", {"cron": "30 3 * * *", "timezone": PARIS}),
    ("Nightly sales report, India", "daily-report", {"cron": "30 3 * * *", "timezone": KOLKATA}),
    ("Orders from the shop", "orders-sync", {"cron": "*/20 * * * *"}),
    ("Orders from the marketplace", "orders-sync", {"cron": "5 * * * *"}),
    ("Backup, hourly", "database-backup", {"cron": "@hourly"}),
    ("Backup, weekly, to the other site", "database-backup", {"cron": "0 1 * * SUN"}),
    ("Invoices", "invoice-run", {"cron": "0 6,18 * * MON-FRI", "timezone": PARIS}),
    ("Thumbnails", "thumbnails", {"interval": "45m"}),
    ("Shop answers", "shop-probe", {"cron": "*/30 * * * *"}),
    ("Warm the cache before the office opens", "cache-warmup", {"cron": "45 7-9 * * *", "timezone": PARIS}),
    ("Export to the old ERP", "legacy-export", {"cron": "15 */2 * * *"}),
    ("Recommendation model", "model-training", {"cron": "0 2 * * *", "timezone": PARIS}),
    ("Thumbnails again, on demand", "thumbnails", {"manual": True}),
    ("Reprice when the feed arrives", "orders-sync", {"event": "feed.arrived"}),
]  # fmt: skip
USUAL = {
    "daily-report": 1_900, "orders-sync": 240, "database-backup": 780, "invoice-run": 2_600,
    "thumbnails": 420, "shop-probe": 8, "cache-warmup": 95, "legacy-export": 31, "model-training": 5_400,
}  # fmt: skip
"""Seconds that a run takes."""


def workflows() -> list[Workflow]:
    """Those of apps/works.py."""
    sys.path.insert(0, str(APPS))
    try:
        return load_workflows("works")
    finally:
        sys.path.remove(str(APPS))


def live_in(path: Path, *, days: int = 30, down: timedelta = timedelta(hours=1)) -> datetime:
    """Make the database; when it ends: now. The server was down for a while five hours before."""
    now = wall_clock().replace(microsecond=0)
    clock = VirtualClock(now - timedelta(days=days))
    before = timedelta(hours=5)
    with VirtualRuntime(f"sqlite:///{path}", workflows=workflows(), clock=clock, seed=1) as runtime:
        for name, workflow, rule in SCHEDULES:
            closed = [now.date().isoformat()] if name == "Orders from the marketplace" else []
            config = {**rule, "catchUp": "skip", "exclude": closed}
            draft = {"name": name, "workflowId": workflow, "scheduleConfig": config}
            key = runtime.create_scheduled_workflow(draft).get()
            if name.startswith("Thumbnails again"):
                runtime.pause_schedule(key, "until the new disks are in").get()
        runtime.advance(now - before - runtime.now())
    clock = VirtualClock(now - before + down)
    with VirtualRuntime(f"sqlite:///{path}", workflows=workflows(), clock=clock, seed=2) as runtime:
        runtime.advance(now - runtime.now())
    _stretch(path, now)
    return now


def _stretch(path: Path, now: datetime) -> None:
    """Let runs take as long as such runs do: on the virtual clock they take no time."""
    micros = 1_000_000
    limit = int(now.timestamp() * micros)
    with sqlite3.connect(path) as connection:
        ended = "SELECT id, workflow_id, started_at FROM executions WHERE ended_at IS NOT NULL"
        rows = connection.execute(ended).fetchall()
        changes = []
        for number, (key, workflow, started) in enumerate(rows):
            share = 0.6 + (number * 7919) % 101 / 125
            taken = int(USUAL[workflow] * share * micros)
            changes.append((min(started + taken, limit), key))
        connection.executemany("UPDATE executions SET ended_at = ? WHERE id = ?", changes)
        connection.executemany("UPDATE attempts SET ended_at = ? WHERE execution_id = ?", changes)
    connection.close()
