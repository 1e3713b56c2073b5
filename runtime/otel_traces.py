"""OpenTelemetry spans: one for each execution, and below it one for each attempt of a step.

A span is made when its end is stored, with the times that are stored. Its ids are a function of what it
is about, so that steps can be given their span before it exists, and a restart of the server changes
nothing. Needs `quarterjack[otel]`; only imported when traces are wanted.
"""

import hashlib
import threading
from datetime import datetime
from importlib.metadata import version
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.util.types import Attributes

from quarterjack.actors.step import index_of, step_of
from quarterjack.storage import Attempt, Execution, ExecutionStatus, Failure
from quarterjack.storage.execution_changes import Ended
from quarterjack.storage.instants import format_instant, to_micros

from .trace_context import TraceContext

_FAILED: Final = (ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT)
_UNKNOWN: Final = "unknown_service"
_SPAN_BYTES: Final = 8
_TRACE_BYTES: Final = 16


class OtelTraces:
    """Gives spans to the processors, on the loop: they must not block, as a batch processor does not."""

    def __init__(self, *processors: SpanProcessor) -> None:
        self._ids = _GivenIds()
        self._provider = TracerProvider(
            resource=_resource(), id_generator=self._ids, shutdown_on_exit=False
        )
        for processor in processors:
            self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("quarterjack", version("quarterjack"))

    def handed_on(self, execution: Execution, step: str, number: int) -> str | None:
        """The span of the attempt, as the parent of what it begins."""
        found = self._of_execution(execution)
        span_id = _attempt_id(execution, step, number)
        return str(TraceContext(found.trace_id, span_id, found.trace_flags))

    def attempt_ended(self, execution: Execution, step: str, attempt: Attempt) -> None:
        """Make its span."""
        assert attempt.ended_at is not None
        attributes = {**_about(execution), "quarterjack.step": step_of(step)}
        attributes["quarterjack.attempt"] = attempt.number
        if (index := index_of(step)) is not None:
            attributes["quarterjack.item"] = index
        below = set_span_in_context(NonRecordingSpan(self._of_execution(execution)), Context())
        self._ids.give(_attempt_id(execution, step, attempt.number))
        span = self._tracer.start_span(
            step, below, attributes=attributes, start_time=_nanos(attempt.started_at)
        )
        self._end(span, attempt.ended_at, attempt.error)

    def execution_ended(self, execution: Execution, ended: Ended) -> None:
        """Make its span: below the caller's, else the root of a trace of its own."""
        self._ids.give(_execution_id(execution), _own_trace(execution))
        span = self._tracer.start_span(
            execution.workflow_id,
            _above(execution),
            attributes=_about(execution),
            start_time=_nanos(execution.started_at or ended.at),
        )
        span.set_attribute("quarterjack.status", ended.status.value)
        error = ended.error
        if error is None and ended.status in _FAILED:
            error = Failure(ended.status.value, "")
        self._end(span, ended.at, error if ended.status in _FAILED else None)

    def close(self) -> None:
        """Let what waits be sent, and take no more; blocks."""
        self._provider.shutdown()

    def _of_execution(self, execution: Execution) -> SpanContext:
        """Its span, also before there is one; the sampler says whether there will be."""
        came = _given(execution)
        trace_id = _own_trace(execution) if came is None else came.trace_id
        sampled = self._provider.sampler.should_sample(
            _above(execution), trace_id, execution.workflow_id, attributes=_about(execution)
        )
        flags = TraceFlags(TraceFlags.SAMPLED if sampled.decision.is_sampled() else 0)
        return SpanContext(trace_id, _execution_id(execution), False, flags, sampled.trace_state)

    def _end(self, span: Span, at: datetime, error: Failure | None) -> None:
        if error is not None:
            span.set_status(Status(StatusCode.ERROR, f"{error.type}: {error.message}"))
            raised: Attributes = {
                "exception.type": error.type,
                "exception.message": error.message,
                "exception.stacktrace": error.traceback,
            }
            span.add_event("exception", raised, _nanos(at))
        span.end(_nanos(at))


def otlp_traces() -> OtelTraces:
    """To a collector over OTLP/HTTP: where, and how much, say the variables `OTEL_…`."""
    return OtelTraces(BatchSpanProcessor(OTLPSpanExporter()))


class _GivenIds(IdGenerator):
    """The next span of this thread gets the ids that it was given."""

    def __init__(self) -> None:
        self._next = threading.local()

    def give(self, span_id: int, trace_id: int = 0) -> None:
        self._next.span_id, self._next.trace_id = span_id, trace_id

    def generate_span_id(self) -> int:
        return int(self._next.span_id)

    def generate_trace_id(self) -> int:
        return int(self._next.trace_id)


def _resource() -> Resource:
    found = Resource.create()
    if str(found.attributes[SERVICE_NAME]).startswith(_UNKNOWN):
        return found.merge(Resource({SERVICE_NAME: "quarterjack"}))
    return found


def _given(execution: Execution) -> TraceContext | None:
    return None if execution.traceparent is None else TraceContext.parse(execution.traceparent)


def _above(execution: Execution) -> Context:
    """The caller's span, if there is one."""
    came = _given(execution)
    if came is None:
        return Context()
    caller = SpanContext(came.trace_id, came.span_id, True, TraceFlags(came.flags))
    return set_span_in_context(NonRecordingSpan(caller), Context())


def _about(execution: Execution) -> dict[str, str | int]:
    known: dict[str, str | int | None] = {
        "quarterjack.execution.id": execution.id,
        "quarterjack.workflow.id": execution.workflow_id,
        "quarterjack.schedule.id": execution.schedule_id,
        "quarterjack.trigger": execution.trigger.value,
        "quarterjack.scheduled_time": format_instant(execution.scheduled_time),
        "quarterjack.priority": execution.priority,
        "quarterjack.retry_of": execution.retry_of,
    }
    return {name: value for name, value in known.items() if value is not None}


def _own_trace(execution: Execution) -> int:
    return _hashed(_TRACE_BYTES, "trace", execution.id)


def _execution_id(execution: Execution) -> int:
    return _hashed(_SPAN_BYTES, "execution", execution.id)


def _attempt_id(execution: Execution, step: str, number: int) -> int:
    return _hashed(_SPAN_BYTES, "attempt", execution.id, step, str(number))


def _hashed(size: int, *parts: str) -> int:
    """An id that is never zero, and the same for the same parts."""
    said = hashlib.blake2b("\0".join(parts).encode(errors="replace"), digest_size=size)
    return int.from_bytes(said.digest(), "big") or 1


def _nanos(instant: datetime) -> int:
    return to_micros(instant) * 1_000
