"""Spans: one for each execution and for each attempt, with the stored times, below the right parents."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, format_span_id, format_trace_id
from waiting import eventually

from quarterjack.runtime import (
    ExecutionDetail,
    ExecutionStatus,
    Retry,
    Runtime,
    StepContext,
    Workflow,
)
from quarterjack.runtime.otel_traces import OtelTraces
from quarterjack.storage.instants import to_micros

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GIVEN = f"00-{TRACE}-{SPAN}-01"


class Traced:
    """A runtime, and the spans that it has made."""

    def __init__(self, runtime: Runtime, exporter: InMemorySpanExporter) -> None:
        self.runtime = runtime
        self._exporter = exporter

    def ended(self, key: str) -> ExecutionDetail:
        """An execution, when it and its spans are there."""
        self.runtime.wait_for(key).get(timeout=20)
        eventually(lambda: self.execution_span(key))
        return self.runtime.get_execution(key).get()

    def spans(self, key: str) -> list[ReadableSpan]:
        """All of an execution."""
        return [
            span
            for span in self._exporter.get_finished_spans()
            if dict(span.attributes or {})["quarterjack.execution.id"] == key
        ]

    def execution_span(self, key: str) -> ReadableSpan | None:
        """Its own."""
        found = [
            each for each in self.spans(key) if "quarterjack.step" not in (each.attributes or {})
        ]
        assert len(found) < 2
        return found[0] if found else None

    def attempts(self, key: str, step: str) -> list[ReadableSpan]:
        """Those of a step's attempts, in order."""
        return [span for span in self.spans(key) if span.name == step]


@contextmanager
def traced(*workflows: Workflow, database: str = "sqlite://") -> Iterator[Traced]:
    exporter = InMemorySpanExporter()
    traces = OtelTraces(SimpleSpanProcessor(exporter))
    with Runtime(database, workflows=workflows, traces=traces) as runtime:
        yield Traced(runtime, exporter)
    traces.close()


def header(span: ReadableSpan | None) -> str:
    """The `traceparent` whose parent is this span."""
    assert span is not None
    assert span.context is not None
    context = span.context
    trace, own = format_trace_id(context.trace_id), format_span_id(context.span_id)
    return f"00-{trace}-{own}-{context.trace_flags:02x}"


def parent(span: ReadableSpan | None) -> str | None:
    """The id of the span above it."""
    assert span is not None
    return None if span.parent is None else format_span_id(span.parent.span_id)


def own(span: ReadableSpan | None) -> str:
    """Its id."""
    assert span is not None
    assert span.context is not None
    return format_span_id(span.context.span_id)


def says(name: str = "says", **options: object) -> Workflow:
    """Its step returns the trace context that it was handed."""
    found = Workflow(name)

    @found.step
    def say(ctx: StepContext) -> str | None:
        return ctx.traceparent

    return found


def test_an_execution_and_its_attempts_have_a_span_each_with_the_stored_times() -> None:
    flow = Workflow("flow")

    @flow.step(retry=Retry(attempts=2, backoff="10ms"))
    def flaky(ctx: StepContext) -> int:
        if ctx.attempt == 1:
            raise LookupError("not yet")
        return 1

    with traced(flow) as seen:
        key = seen.runtime.run("flow").get()
        found = seen.ended(key)
        whole, attempts = seen.execution_span(key), seen.attempts(key, "flaky")

    assert whole is not None
    assert len(seen.spans(key)) == 3
    assert parent(whole) is None
    assert [parent(each) for each in attempts] == [own(whole)] * 2
    (step,) = found.steps
    for span, stored in zip(attempts, step.attempts, strict=True):
        assert stored.ended_at is not None
        assert span.start_time == to_micros(stored.started_at) * 1_000
        assert span.end_time == to_micros(stored.ended_at) * 1_000
    began, end = found.execution.started_at, found.execution.ended_at
    assert began is not None
    assert end is not None
    assert (whole.start_time, whole.end_time) == (to_micros(began) * 1000, to_micros(end) * 1000)
    first, second = attempts
    assert first.status.status_code is StatusCode.ERROR
    assert first.status.description == "LookupError: not yet"
    assert first.events[0].name == "exception"
    assert second.status.status_code is StatusCode.UNSET
    assert dict(whole.attributes or {})["quarterjack.status"] == "succeeded"
    assert whole.resource.attributes["service.name"] == "quarterjack"


def test_a_failure_is_the_status_of_its_spans(broken: Workflow) -> None:
    with traced(broken) as seen:
        key = seen.runtime.run("broken").get()
        seen.ended(key)
        whole, (attempt,) = seen.execution_span(key), seen.attempts(key, "fail")

    assert whole is not None
    for span in (whole, attempt):
        assert span.status.status_code is StatusCode.ERROR
        assert "nothing there" in (span.status.description or "")


def test_a_trace_context_is_taken_over_from_the_caller_of_a_run() -> None:
    with traced(says()) as seen:
        key = seen.runtime.run("says", traceparent=GIVEN).get()
        found = seen.ended(key)
        whole, (attempt,) = seen.execution_span(key), seen.attempts(key, "say")

    assert parent(whole) == SPAN
    assert header(whole).startswith(f"00-{TRACE}-")
    assert found.execution.result == header(attempt)
    assert found.execution.traceparent == GIVEN


def test_a_trace_context_is_taken_over_from_a_trigger() -> None:
    with traced(says()) as seen:
        draft = {"workflowId": "says", "name": "x", "scheduleConfig": {"manual": True}}
        schedule = seen.runtime.create_scheduled_workflow(draft).get()
        key = seen.runtime.trigger_scheduled_execution(schedule, traceparent=GIVEN).get()
        seen.ended(key)

        assert parent(seen.execution_span(key)) == SPAN


def test_a_trace_context_is_taken_over_from_an_event() -> None:
    with traced(says()) as seen:
        draft = {"workflowId": "says", "name": "x", "scheduleConfig": {"event": "go"}}
        seen.runtime.create_scheduled_workflow(draft).get()
        (key,) = seen.runtime.send_event("go", traceparent=GIVEN).get(timeout=20)
        seen.ended(key)

        assert parent(seen.execution_span(key)) == SPAN


def test_an_event_that_a_step_sends_carries_its_span_on() -> None:
    sends = Workflow("sends")

    @sends.step
    def send(ctx: StepContext) -> None:
        ctx.emit("go")

    with traced(says(), sends) as seen:
        draft = {"workflowId": "says", "name": "x", "scheduleConfig": {"event": "go"}}
        schedule = seen.runtime.create_scheduled_workflow(draft).get()
        first = seen.runtime.run("sends", traceparent=GIVEN).get()
        seen.ended(first)

        def fired() -> str | None:
            items = seen.runtime.list_executions().get().items
            return next((each.id for each in items if each.schedule_id == schedule), None)

        key = eventually(fired)
        seen.ended(key)
        (attempt,) = seen.attempts(first, "send")
        assert parent(seen.execution_span(key)) == own(attempt)


def test_a_child_workflow_is_below_the_step_that_runs_it() -> None:
    above = Workflow("above")
    above.subworkflow(says(), name="below")

    with traced(above) as seen:
        key = seen.runtime.run("above", traceparent=GIVEN).get()
        found = seen.ended(key)
        (attempt,) = seen.attempts(key, "below")
        items = seen.runtime.list_executions().get().items
        child = next(each for each in items if each.workflow_id == "says")

        whole = seen.execution_span(child.id)
        assert parent(attempt) == own(seen.execution_span(key))
        assert parent(whole) == own(attempt)
        (said,) = seen.attempts(child.id, "say")
        assert found.execution.result == header(said)
        assert header(said).startswith(f"00-{TRACE}-")


@pytest.mark.parametrize("parked", [True, False])
def test_a_step_that_an_event_ends_has_its_span(parked: bool) -> None:
    waits, gate = Workflow("waits"), threading.Event()
    waits.wait_for_event("approved")

    @waits.step
    def beside() -> None:
        if not parked:
            gate.wait(20)

    with traced(waits) as seen:
        key = seen.runtime.run("waits").get()
        status = ExecutionStatus.WAITING if parked else ExecutionStatus.RUNNING
        eventually(lambda: seen.runtime.get_execution(key).get().execution.status is status)
        seen.runtime.send_event("approved").get(timeout=20)
        gate.set()
        found = seen.ended(key)
        (span,) = seen.attempts(key, "approved")

    (attempt,) = next(step for step in found.steps if step.name == "approved").attempts
    assert attempt.ended_at is not None
    assert span.end_time == to_micros(attempt.ended_at) * 1_000


def test_what_a_stopped_server_left_goes_on_in_the_same_trace(tmp_path: Path) -> None:
    """The ids are a function of what the spans are about: the second server knows the first one's."""
    gate, begun = tmp_path / "gate", tmp_path / "begun"
    flow = Workflow("flow")

    @flow.step
    def first(ctx: StepContext) -> str | None:
        return ctx.traceparent

    @flow.step
    def second(first: str, ctx: StepContext) -> list[str | None]:
        begun.touch()
        while not gate.exists() and not ctx.cancelled:
            pass
        return [first, ctx.traceparent]

    database = f"sqlite:///{tmp_path / 'q.db'}"
    with traced(flow, database=database) as seen:
        key = seen.runtime.run("flow").get()
        eventually(begun.exists)
        (before,) = seen.attempts(key, "first")
        seen.runtime.stop(0).get(timeout=30)
        (cut_off,) = seen.attempts(key, "second")
    gate.touch()
    with traced(flow, database=database) as again:
        found = again.ended(key)
        (after,), whole = again.attempts(key, "second"), again.execution_span(key)

    assert {parent(each) for each in (before, cut_off, after)} == {own(whole)}
    assert found.execution.result == [header(before), header(after)]
    assert cut_off.status.status_code is StatusCode.ERROR
    assert own(cut_off) != own(after)


def test_a_caller_who_does_not_sample_is_followed() -> None:
    unsampled = f"00-{TRACE}-{SPAN}-00"
    with traced(says()) as seen:
        key = seen.runtime.run("says", traceparent=unsampled).get()
        execution = seen.runtime.wait_for(key).get(timeout=20)

        assert str(execution.result).startswith(f"00-{TRACE}-")
        assert str(execution.result).endswith("-00")
        assert seen.spans(key) == []


def test_a_sampler_decides_about_whole_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    with traced(says()) as seen:
        keys = [seen.runtime.run("says").get() for _ in range(24)]
        results = {key: str(seen.runtime.wait_for(key).get(timeout=20).result) for key in keys}

        sampled = {key for key, said in results.items() if said.endswith("-01")}
        eventually(lambda: all(seen.execution_span(key) for key in sampled))
        assert 0 < len(sampled) < len(keys)
        for key in keys:
            assert len(seen.spans(key)) == (2 if key in sampled else 0)


@pytest.mark.parametrize("given", [GIVEN, None])
def test_without_traces_the_caller_s_context_is_handed_through(given: str | None) -> None:
    above = Workflow("above")
    above.subworkflow(says(), name="below")
    with Runtime(workflows=[above]) as runtime:
        key = runtime.run("above", traceparent=given).get()

        assert runtime.wait_for(key).get(timeout=20).result == given


def test_a_retry_stays_in_the_caller_s_trace() -> None:
    fails = Workflow("fails")

    @fails.step
    def fail(ctx: StepContext) -> None:
        raise LookupError("no")

    with traced(fails) as seen:
        key = seen.runtime.run("fails", traceparent=GIVEN).get()
        seen.ended(key)
        again = seen.runtime.retry_execution(key).get()
        seen.ended(again)
        span = seen.execution_span(again)

    assert parent(span) == SPAN
    assert span is not None
    assert dict(span.attributes or {})["quarterjack.retry_of"] == key


def test_items_of_a_mapped_step_have_spans_of_their_own() -> None:
    flow = Workflow("flow")

    @flow.step(map={"n": "numbers"})
    def double(n: int) -> int:
        return 2 * n

    with traced(flow) as seen:
        key = seen.runtime.run("flow", params={"numbers": [1, 2, 3]}).get()
        seen.ended(key)
        items = [span for span in seen.spans(key) if span.name.startswith("double[")]

    indexes = [dict(span.attributes or {})["quarterjack.item"] for span in items]
    assert sorted(str(each) for each in indexes) == ["0", "1", "2"]
    assert len(seen.attempts(key, "double")) == 1


def test_an_attempt_has_one_span_also_when_its_step_gives_up_later() -> None:
    flow = Workflow("flow")

    @flow.step(retry=Retry(attempts=5, backoff="300ms"), total_timeout="200ms")
    def fail() -> None:
        raise LookupError("no")

    with traced(flow) as seen:
        key = seen.runtime.run("flow").get()
        seen.ended(key)

        assert len(seen.attempts(key, "fail")) == 1
