"""Every metric of a runtime by name, with its type, labels and meaning; `docs/metrics.md` is this table."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from prometheus_client import Metric
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.utils import floatToGoString

from quarterjack.actors.measures import Histogram


class Described(NamedTuple):
    """A metric, by the name that it has where it is served."""

    kind: type[Metric]
    help: str
    labels: tuple[str, ...] = ()


_C, _G, _H = CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
RUNTIME_METRICS: Final[dict[str, Described]] = {
    "quarterjack_build_info": Described(
        InfoMetricFamily, "Versions of the program and of SQLite", ("version", "sqlite")
    ),
    "quarterjack_executions_total": Described(
        _C, "Executions that have ended", ("workflow", "status")
    ),
    "quarterjack_executions_started_total": Described(
        _C, "Executions that have begun", ("workflow",)
    ),
    "quarterjack_execution_duration_seconds": Described(
        _H, "From the start of an execution to its end", ("workflow",)
    ),
    "quarterjack_step_attempts_total": Described(
        _C, "Attempts of steps that have ended, by how", ("workflow", "outcome")
    ),
    "quarterjack_start_delay_seconds": Described(
        _H, "From the due instant of an execution to its start; without backfills"
    ),
    "quarterjack_triggers_total": Described(
        _C, "Executions that schedules have made, by what made them", ("trigger",)
    ),
    "quarterjack_fires_skipped_total": Described(
        _C, "Due instants and events that made no execution, by reason", ("reason",)
    ),
    "quarterjack_fires_missed_total": Described(
        _C, "Due instants at which nothing could fire, and that were not made up for", ("reason",)
    ),
    "quarterjack_schedules": Described(_G, "Schedules", ("status",)),
    "quarterjack_schedules_rescued_total": Described(
        _C, "Schedules that did not decide a due instant, and were made to"
    ),
    "quarterjack_executions_running": Described(_G, "Executions that run"),
    "quarterjack_executions_parked": Described(
        _G, "Executions whose steps all wait for an instant, an event or another execution"
    ),
    "quarterjack_queue_length": Described(_G, "Executions that wait for their turn"),
    "quarterjack_events_total": Described(_C, "Events that were committed"),
    "quarterjack_event_delivery_seconds": Described(
        _H, "From the commit of an event until a WebSocket had it"
    ),
    "quarterjack_commit_seconds": Described(
        _H, "From the order to write something until it was committed"
    ),
    "quarterjack_database_bytes": Described(_G, "Size of the database file; 0: in memory"),
    "quarterjack_wal_bytes": Described(_G, "Size of the database's write-ahead log"),
    "quarterjack_database_writable": Described(_G, "Whether the database takes writes (1) or not"),
    "quarterjack_database_waiting_changes": Described(
        _G, "Changes that wait until the database takes writes again"
    ),
    "quarterjack_actors": Described(_G, "Actors that are alive", ("kind",)),
    "quarterjack_mailbox_messages": Described(
        _G, "Messages that wait in the mailboxes of all actors of a kind", ("kind",)
    ),
    "quarterjack_actor_restarts_total": Described(
        _C, "Actors that supervisors have started again", ("kind",)
    ),
    "quarterjack_dead_letters_total": Described(
        _C, "Messages that reached nobody, by reason", ("reason",)
    ),
    "quarterjack_loop_lag_seconds": Described(
        _G, "The worst lateness of the event loop's timers in the last ten seconds"
    ),
    "quarterjack_clock_jumps_total": Described(
        _C, "How often the wall clock was set by a second or more, or the machine slept"
    ),
}


def family(name: str, described: Described) -> Metric:
    """The metric, without samples."""
    given = None if described.kind is InfoMetricFamily else described.labels or None
    base = name.removesuffix("_info")  # which the library adds again
    metric: Metric = described.kind(base, described.help, labels=given)  # type: ignore[call-arg]
    return metric


def add_histogram(metric: Metric, labels: Iterable[str], histogram: Histogram) -> None:
    """Add what was recorded, in Prometheus' form."""
    bounds = [*(floatToGoString(bound) for bound in histogram.bounds), "+Inf"]
    buckets = list(zip(bounds, histogram.cumulated(), strict=True))
    metric.add_metric(list(labels), buckets, histogram.sum)  # type: ignore[attr-defined]
