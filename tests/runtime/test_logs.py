"""The log: one line a record, with the ids that it is about, and nothing that can forge another."""

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterjack.runtime import Runtime, Secret, StepContext, Workflow
from quarterjack.runtime.logs import FORMATS, JsonLines, TextLines, escaped, log_fields, set_up

AT = 1_767_225_600.25
WHEN = "2026-01-01T00:00:00.250000Z"


def record(message: str, *args: object, **more: Any) -> logging.LogRecord:
    error = more.pop("error", None)
    info = None if error is None else (type(error), error, error.__traceback__)
    found = logging.LogRecord("quarterjack.x", logging.WARNING, __file__, 1, message, args, info)
    found.created = AT
    vars(found).update(more)
    return found


def as_json(given: logging.LogRecord) -> dict[str, Any]:
    line = JsonLines().format(given)
    assert line.splitlines() == [line]
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_text_line_has_time_level_logger_message_and_ids() -> None:
    about = {"executionId": "exe_1", "scheduleId": "sch_1", "other": 7}

    line = TextLines().format(record("%s failed", "it", **about))

    assert line == (f"{WHEN} WARNING quarterjack.x: it failed [scheduleId=sch_1 executionId=exe_1]")


def test_a_json_line_has_the_same_as_fields() -> None:
    assert as_json(record("%s failed", "it", executionId="exe_1", rows=7)) == {
        "timestamp": WHEN,
        "level": "warning",
        "logger": "quarterjack.x",
        "message": "it failed",
        "executionId": "exe_1",
        "rows": 7,
    }


def test_what_is_logged_can_not_take_the_place_of_our_fields() -> None:
    found = as_json(record("real", level="fine", timestamp="never", logger="me"))

    assert found["level"] == "warning"
    assert found["timestamp"] == WHEN
    assert found["logger"] == "quarterjack.x"


@pytest.mark.parametrize("form", FORMATS.values())
@given(text=st.text(st.characters()))
def test_no_text_makes_a_line_of_its_own(form: type[logging.Formatter], text: str) -> None:
    line = form().format(record("%s", text, executionId=text, step=text))

    assert len(line.splitlines()) == 1
    assert all(sign.isprintable() or sign not in escaped_signs() for sign in line)
    line.encode()  # also half of a surrogate pair


def escaped_signs() -> set[str]:
    return {chr(code) for code in (*range(32), *range(127, 160), 0x2028, 0x2029, 0x202E)}


def test_the_lines_of_a_traceback_can_not_be_taken_for_others() -> None:
    forged = f"oh\n{WHEN} INFO    quarterjack: all is well\x1b[2J"
    try:
        raise ValueError(forged)
    except ValueError as error:
        first, *rest = TextLines().format(record("failed", error=error)).split("\n")

    assert first == f"{WHEN} WARNING quarterjack.x: failed"
    assert rest
    assert all(line.startswith("  | ") for line in rest)
    assert "\x1b" not in "".join(rest)


def test_a_traceback_is_a_field_of_its_line() -> None:
    try:
        raise ValueError("one\ntwo")
    except ValueError as error:
        found = as_json(record("failed", error=error))

    assert found["message"] == "failed"
    assert found["exc_info"].endswith("ValueError: one\ntwo")


@pytest.mark.parametrize(
    ("path", "about"),
    [
        ("quarterjack/schedules/sch_1", {"scheduleId": "sch_1"}),
        ("quarterjack/executions/exe_1", {"executionId": "exe_1"}),
        ("quarterjack/ticker", {}),
        ("", {}),
    ],
)
def test_a_line_about_an_actor_is_about_its_schedule_or_execution(
    path: str, about: dict[str, str]
) -> None:
    found = as_json(record("crashed", actor=path))

    assert {name: found[name] for name in ("scheduleId", "executionId") if name in found} == about


def test_a_context_s_ids_are_in_its_lines_only() -> None:
    with log_fields(requestId="r1"), log_fields(executionId="exe_1"):
        inside = as_json(record("inside"))
    outside = as_json(record("outside"))

    assert (inside["requestId"], inside["executionId"]) == ("r1", "exe_1")
    assert "requestId" not in outside


def test_escaping_leaves_ordinary_text_alone() -> None:
    text = "Ünïcode, 日本, a → b, 'quoted' \\ and {braces}"

    assert escaped(text) == text


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, as it is put back afterwards."""
    found = logging.getLogger()
    names = ("", "quarterjack", "quarterjack.http.access")
    handlers, levels = list(found.handlers), {name: logging.getLogger(name).level for name in names}
    yield found
    found.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize(
    ("options", "written"),
    [
        pytest.param({}, ["info", "other info"], id="info"),
        pytest.param(
            {"level": "debug"}, ["debug", "info", "request", "other info"], id="ours at debug"
        ),
        pytest.param({"level": "error"}, [], id="error"),
        pytest.param({"access": True}, ["info", "request", "other info"], id="requests"),
    ],
)
def test_levels_say_what_is_written(
    root: logging.Logger, options: dict[str, Any], written: list[str]
) -> None:
    stream = io.StringIO()

    set_up("json", stream=stream, **options)
    logging.getLogger("quarterjack.x").debug("debug")
    logging.getLogger("quarterjack.x").info("info")
    logging.getLogger("quarterjack.http.access").info("request")
    logging.getLogger("other").debug("other debug")
    logging.getLogger("other").info("other info")

    lines = stream.getvalue().splitlines()
    assert [json.loads(line)["message"] for line in lines] == written


def test_what_a_step_logs_says_which_step_it_is(root: logging.Logger) -> None:
    flow, stream = Workflow("flow"), io.StringIO()

    @flow.step
    def plain(ctx: StepContext) -> int:
        ctx.logger.info("plain")
        return threading.get_ident()

    @flow.step
    async def awaited(ctx: StepContext) -> None:
        logging.getLogger("some.library").warning("awaited")

    set_up("json", stream=stream)
    with Runtime(workflows=[flow]) as runtime:
        key = runtime.run("flow").get()
        runtime.wait_for(key).get(timeout=20)

    lines = {each["message"]: each for each in map(json.loads, stream.getvalue().splitlines())}
    for step in ("plain", "awaited"):
        about = {name: lines[step][name] for name in ("workflowId", "executionId", "attempt")}
        assert about == {"workflowId": "flow", "executionId": key, "attempt": 1}
        assert lines[step]["step"] == step


def test_the_log_goes_to_standard_error_by_itself(
    root: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    set_up()
    logging.getLogger("quarterjack.x").info("here")

    assert stream.getvalue().endswith("quarterjack.x: here\n")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_step_s_secret_is_in_no_field_of_its_lines(
    root: logging.Logger, monkeypatch: pytest.MonkeyPatch, form: Literal["text", "json"]
) -> None:
    plain = 'correct "horse"\nbattery staple'
    monkeypatch.setenv("QUARTERJACK_SECRET_LOGGED", plain)
    flow, stream = Workflow("flow"), io.StringIO()

    @flow.step
    def leak(ctx: StepContext, password: Secret) -> None:
        said = password.reveal()
        ctx.logger.warning("it is %s", said, extra={"rows": [said], "executionId": said})
        try:
            raise LookupError(said)
        except LookupError:
            ctx.logger.exception("again")

    set_up(form, stream=stream)
    with Runtime(workflows=[flow]) as runtime:
        params = {"password": {"env": "QUARTERJACK_SECRET_LOGGED"}}
        runtime.wait_for(runtime.run("flow", params=params).get()).get(timeout=20)

    assert "it is ***" in stream.getvalue()
    assert "LookupError: ***" in stream.getvalue()
    assert "horse" not in stream.getvalue()
