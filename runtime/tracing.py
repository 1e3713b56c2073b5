"""Which traces a runtime makes: none, or OpenTelemetry's, which are imported only then."""

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from quarterjack.actors.traces import Traces
from quarterjack.storage import QuarterjackError

from .settings import Settings


class TracesNotInstalled(QuarterjackError):
    """Traces need more packages: install `quarterjack[otel]`, or leave out the option `traces`."""


class OpenTraces(Traces, Protocol):
    """Traces that are closed with the runtime that opened them."""

    def close(self) -> None:
        """Let what waits be sent; blocks."""
        ...


def traces_opener(settings: Settings) -> Callable[[], OpenTraces] | None:
    """What opens the traces at each start; None: there are none. Raises `TracesNotInstalled`."""
    if settings.traces == "off":
        return None
    try:
        found = import_module(f"{__package__}.otel_traces")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise TracesNotInstalled(
            f"Traces need more packages ({error.name} is not there): install quarterjack[otel], "
            "or leave out the option `traces`."
        ) from error
    return cast(Callable[[], OpenTraces], found.otlp_traces)
