"""`/metrics`: the figures of the runtime and of the server in front of it, in Prometheus' formats.

Each application has a registry of its own. Rendering asks the database and files, so it is done on a
thread; what is recorded on the loop costs about a microsecond a request.
"""

from collections.abc import Callable, Iterator
from typing import Final

from aiohttp import web
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    Metric,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from quarterjack.actors.measures import MILLISECONDS, Histogram, taken
from quarterjack.runtime import Runtime
from quarterjack.runtime.metric_table import Described, add_histogram, family

API_METRICS: Final[dict[str, Described]] = {
    "quarterjack_api_request_seconds": Described(
        HistogramMetricFamily,
        "What the server takes for an answer, by call and class of status",
        ("call", "status"),
    ),
    "quarterjack_websocket_clients": Described(GaugeMetricFamily, "WebSockets that are open"),
}
NO_CALL: Final = "none"
"""The call of a request for which there is none, so that nobody can make up new ones."""


class ApiMetrics(Collector):
    """Of one application; `clients` says how many WebSockets are open."""

    def __init__(self, clients: Callable[[], int]) -> None:
        self._clients = clients
        self._requests: dict[tuple[str, str], Histogram] = {}

    def record(self, call: str, status: int, seconds: float) -> None:
        """A request was answered; on the loop."""
        key = (call, f"{status // 100}xx")
        histogram = self._requests.get(key)
        if histogram is None:
            histogram = self._requests[key] = Histogram(MILLISECONDS)
        histogram.record(seconds)

    def collect(self) -> Iterator[Metric]:
        """Every metric of the table; from any thread."""
        requests, clients = self.describe()
        for labels, histogram in taken(self._requests).items():
            add_histogram(requests, labels, histogram)
        clients.add_metric([], self._clients())  # type: ignore[attr-defined]
        return iter((requests, clients))

    def describe(self) -> Iterator[Metric]:
        """The same without samples."""
        return (family(name, described) for name, described in API_METRICS.items())


REGISTRY: web.AppKey[CollectorRegistry] = web.AppKey("registry", CollectorRegistry)
API: web.AppKey[ApiMetrics] = web.AppKey("api_metrics", ApiMetrics)


def add_metrics(app: web.Application, runtime: Runtime, clients: Callable[[], int]) -> None:
    """Give the application its registry, with all that there is to measure."""
    app[REGISTRY] = registry = CollectorRegistry()
    app[API] = api = ApiMetrics(clients)
    registry.register(runtime.collector())
    registry.register(api)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)


def rendered(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """The figures now, in the format that the reader prefers, and its content type. Blocks."""
    try:
        encode, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is no number
        encode, content_type = generate_latest, CONTENT_TYPE_PLAIN_0_0_4
    return encode(registry), content_type
