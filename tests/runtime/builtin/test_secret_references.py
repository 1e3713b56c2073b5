"""Headers of `quarterjack.http` and variables of `quarterjack.command` can come from references."""

from collections.abc import Iterator

import pytest
from web_server import WebServer

from quarterjack.runtime import ExecutionDetail, InvalidInput, Runtime, Settings

VARIABLE = "QUARTERJACK_SECRET_TEST"
VALUE = "Bearer correct-horse"
REFERENCE = {"env": VARIABLE}
SECONDS = 20


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    monkeypatch.setenv(VARIABLE, VALUE)
    settings = Settings.of(builtins=["command", "http"], http_allow_private=True)
    with Runtime(settings=settings) as started:
        yield started


def ended(runtime: Runtime, workflow: str, **params: object) -> ExecutionDetail:
    key = runtime.run(workflow, params=params).get(timeout=SECONDS)
    runtime.wait_for(key).get(timeout=SECONDS)
    return runtime.get_execution(key).get(timeout=SECONDS)


def test_a_header_comes_from_a_reference(runtime: Runtime, web: WebServer) -> None:
    headers = {"Authorization": REFERENCE, "X-Plain": "text"}

    found = ended(runtime, "quarterjack.http", url=web.url, headers=headers)

    (asked,) = web.asked
    assert asked.headers["authorization"] == VALUE
    assert asked.headers["x-plain"] == "text"
    assert found.steps[0].result["status"] == 200
    assert found.execution.params["headers"] == headers


def test_an_answer_that_repeats_the_header_is_stored_without_it(
    runtime: Runtime, web: WebServer
) -> None:
    web.answer("/", 403, f"no access with {VALUE}", X_Echo=VALUE)

    failed = ended(runtime, "quarterjack.http", url=web.url, headers={"Authorization": REFERENCE})
    kept = ended(
        runtime,
        "quarterjack.http",
        url=web.url,
        headers={"Authorization": REFERENCE},
        expect_status=[403],
    )

    assert failed.execution.error is not None
    assert failed.execution.error.message.endswith("no access with ***")
    assert kept.steps[0].result["headers"]["x-echo"] == "***"
    assert "horse" not in repr([failed, kept])


def test_a_variable_of_a_command_comes_from_a_reference(runtime: Runtime) -> None:
    env = {"PASSWORD": REFERENCE, "PLAIN": "text"}
    shell = 'test "$PASSWORD" = "Bearer correct-horse" && echo "$PASSWORD $PLAIN"'

    found = ended(runtime, "quarterjack.command", shell=shell, env=env)

    assert found.steps[0].result["stdout"] == "*** text\n"
    assert found.execution.params["env"] == env


def test_what_a_failed_command_says_is_logged_without_it(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    shell = 'echo "no access with $PASSWORD" >&2; exit 3'

    found = ended(runtime, "quarterjack.command", shell=shell, env={"PASSWORD": REFERENCE})

    assert found.execution.error is not None
    assert "no access with ***" in found.execution.error.message
    assert "no access with ***" in caplog.text
    logs = runtime.get_step_logs(found.execution.id, "run").get(timeout=SECONDS)
    assert "horse" not in repr([found, logs]) + caplog.text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"Authorization": {"env": "HOME"}}, "Authorization: .*secret-env", id="env"),
        pytest.param({"Authorization": {"file": "/etc/passwd"}}, "secret-dir", id="file"),
        pytest.param({"Authorization": {"text": "x"}}, "no reference", id="other"),
    ],
)
def test_a_reference_that_is_not_allowed_is_refused(
    runtime: Runtime, given: dict[str, object], told: str
) -> None:
    with pytest.raises(InvalidInput, match=told):
        runtime.run("quarterjack.http", params={"url": "http://127.0.0.1/", "headers": given}).get()


def test_a_missing_variable_fails_the_request(
    runtime: Runtime, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE)

    found = ended(runtime, "quarterjack.http", url=web.url, headers={"Authorization": REFERENCE})

    assert found.execution.error is not None
    assert found.execution.error.message.startswith("the secret 'headers.Authorization': ")
    assert web.asked == []
