"""A runtime's figures for Prometheus: read when they are asked for, from any thread but the loop's.

Several runtimes in one process have a collector each, and no registry is shared. In a program that has
metrics of its own:

    registry.register(runtime.collector())
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from prometheus_client import Metric
from prometheus_client.registry import Collector

from quarterjack.actors.environment import StorageHealth, WatchCounts
from quarterjack.actors.measures import Histogram, Measures, taken
from quarterjack.storage.file_watch import log_size
from quarterjack.storage.schedule_counts import schedule_counts

from .assembly import Assembly
from .metric_table import RUNTIME_METRICS, add_histogram, family

logger = logging.getLogger("quarterjack.metrics")
_READ_SECONDS: Final = 5.0
Samples = Iterable[tuple[tuple[str, ...], Any]]
"""The values of the labels, and the figure."""


class RuntimeCollector(Collector):
    """`assembly` says what is alive (None: the runtime is not started), `lag` how late the loop is."""

    def __init__(
        self,
        measures: Measures,
        assembly: Callable[[], Assembly | None],
        lag: Callable[[], float],
    ) -> None:
        self._measures = measures
        self._assembly = assembly
        self._lag = lag

    def collect(self) -> Iterator[Metric]:
        """Every metric of the table; blocks for a query. What can't be read now has no samples."""
        found = self._counted() | self._alive(self._assembly())
        for name, described in RUNTIME_METRICS.items():
            metric = family(name, described)
            for labels, value in found[name]:
                if isinstance(value, Histogram):
                    add_histogram(metric, labels, value)
                else:
                    metric.add_metric(list(labels), value)  # type: ignore[attr-defined]
            yield metric

    def describe(self) -> Iterator[Metric]:
        """The same without samples: registering the collector asks for nothing else."""
        return (family(name, described) for name, described in RUNTIME_METRICS.items())

    def _counted(self) -> dict[str, Samples]:
        measures = self._measures
        queue = measures.queue()
        built = {"version": version("quarterjack"), "sqlite": sqlite3.sqlite_version}
        return {
            "quarterjack_build_info": _one(built),
            "quarterjack_executions_total": taken(measures.executions).items(),
            "quarterjack_executions_started_total": _by_label(measures.started),
            "quarterjack_execution_duration_seconds": _by_label(measures.durations),
            "quarterjack_step_attempts_total": taken(measures.step_attempts).items(),
            "quarterjack_start_delay_seconds": _one(measures.start_delays),
            "quarterjack_triggers_total": _by_label(measures.triggered),
            "quarterjack_fires_skipped_total": _by_label(measures.skipped),
            "quarterjack_fires_missed_total": _by_label(measures.missed),
            "quarterjack_executions_running": _one(queue.get("running", 0)),
            "quarterjack_executions_parked": _one(queue.get("parked", 0)),
            "quarterjack_queue_length": _one(queue.get("waiting", 0)),
            "quarterjack_events_total": _one(measures.events),
            "quarterjack_event_delivery_seconds": _one(measures.deliveries),
            "quarterjack_commit_seconds": _one(measures.commits),
            "quarterjack_loop_lag_seconds": _one(self._lag()),
        }

    def _alive(self, assembly: Assembly | None) -> dict[str, Samples]:
        health = StorageHealth() if assembly is None else assembly.environment.health
        watch = WatchCounts() if assembly is None else assembly.environment.watch
        census = {} if assembly is None else assembly.system.census()
        restarts = {} if assembly is None else assembly.system.restarts
        letters = {} if assembly is None else assembly.system.dead_letters.counts
        path = None if assembly is None else assembly.database_path
        return {
            "quarterjack_schedules": _schedules(assembly),
            "quarterjack_schedules_rescued_total": _one(watch.rescued),
            "quarterjack_clock_jumps_total": _one(watch.clock_jumps),
            "quarterjack_database_bytes": _one(_size(path)),
            "quarterjack_wal_bytes": _one(0 if path is None else log_size(path)),
            "quarterjack_database_writable": _one(int(health.writable)),
            "quarterjack_database_waiting_changes": _one(health.waiting),
            "quarterjack_actors": [((kind,), each.actors) for kind, each in census.items()],
            "quarterjack_mailbox_messages": [
                ((kind,), each.waiting) for kind, each in census.items()
            ],
            "quarterjack_actor_restarts_total": [
                ((kind,), restarts.get(kind, 0)) for kind in census
            ],
            "quarterjack_dead_letters_total": _by_label(letters),
        }


def _one(value: Any) -> Samples:
    return [((), value)]


def _by_label(figures: dict[str, Any]) -> Samples:
    return [((label,), value) for label, value in taken(figures).items()]


def _schedules(assembly: Assembly | None) -> Samples:
    if assembly is None:
        return []
    try:
        found = assembly.read(schedule_counts).get(timeout=_READ_SECONDS)
    except Exception as error:  # whatever is wrong with the database, the other figures are wanted
        logger.warning("the schedules could not be counted: %r", error)
        return []
    return [((status.value,), count) for status, count in found.items()]


def _size(path: Path | None) -> int:
    try:
        return 0 if path is None else path.stat().st_size
    except OSError:
        return 0
