"""Built-in workflows in a runtime: off unless switched on, and then workflows like others."""

from pathlib import Path
from typing import Any

import pytest
from processes import STUBBORN, lives, none_lives, noted
from rest_client import RestClient
from site_server import Site
from waiting import eventually
from web_server import WebServer

from quarterjack.runtime import (
    InvalidInput,
    NotFound,
    Runtime,
    Settings,
    Workflow,
    WorkflowDefinitionError,
)
from quarterjack.runtime.testing import VirtualRuntime


def draft(workflow: str, config: dict[str, Any], **params: Any) -> dict[str, Any]:
    return {
        "workflowId": workflow,
        "name": "test",
        "scheduleConfig": config,
        "executionConfig": {"params": params},
    }


@pytest.mark.parametrize("option", ["command", "http"])
def test_they_are_off_by_default_and_the_error_says_how_to_switch_them_on(option: str) -> None:
    name = f"quarterjack.{option}"
    told = f"it is built in; switch it on with --builtin {option}"
    with VirtualRuntime() as runtime:
        with pytest.raises(InvalidInput, match=f"there is no workflow '{name}'; {told}"):
            runtime.create_scheduled_workflow(draft(name, {"manual": True})).get()
        with pytest.raises(NotFound, match=told):
            runtime.run(name).get()
        assert list(runtime.workflows) == []


def test_only_those_that_are_named_are_on() -> None:
    with VirtualRuntime(settings=Settings.of(builtins=["http"])) as runtime:
        assert list(runtime.workflows) == ["quarterjack.http"]


def test_unknown_ones_and_wrong_hosts_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"builtins\.0: Input should be 'command' or 'http'"):
        Settings.of(builtins=["ftp"])
    with pytest.raises(InvalidInput, match=r"http_allowed_hosts\.0: 'http://x' is no host"):
        Settings.of(http_allowed_hosts=["http://x"])


@pytest.mark.parametrize("kind", [Runtime, VirtualRuntime])
@pytest.mark.parametrize("name", ["quarterjack.command", "quarterjack.mine"])
def test_nobody_elses_workflow_may_have_their_names(kind: Any, name: str) -> None:
    theirs = Workflow(name)
    theirs.step(name="work")(lambda: None)

    with pytest.raises(WorkflowDefinitionError, match="only built-in workflows have names"):
        kind(workflows=[theirs])


def test_a_command_runs_on_a_schedule(tmp_path: Path) -> None:
    settings = Settings.of(builtins=["command"])
    line = 'echo "$QUARTERJACK_SCHEDULE_ID $QUARTERJACK_SCHEDULED_TIME" >> runs'
    with VirtualRuntime(settings=settings) as runtime:
        config = {"cron": "0 3 * * *"}
        params = {"shell": line, "cwd": str(tmp_path)}
        runtime.create_scheduled_workflow(
            draft("quarterjack.command", config, **params), schedule_id="sch_nightly"
        ).get()
        runtime.advance("3 days")

    lines = (tmp_path / "runs").read_text().splitlines()
    assert len(lines) == 3
    assert all(line.startswith("sch_nightly ") for line in lines)
    assert all(line.endswith("T03:00:00.000000Z") for line in lines)


def test_wrong_parameters_are_refused_where_they_are_given() -> None:
    with VirtualRuntime(settings=Settings.of(builtins=["command"])) as runtime:
        create = runtime.create_scheduled_workflow
        cron, manual = {"cron": "0 3 * * *"}, {"manual": True}
        with pytest.raises(InvalidInput, match=r"executionConfig\.params\.argv: give exactly one"):
            create(draft("quarterjack.command", cron)).get()
        with pytest.raises(InvalidInput, match=r"executionConfig\.params\.timeout: 'x' is not"):
            create(draft("quarterjack.command", manual, shell="ls", timeout="x")).get()
        key = create(draft("quarterjack.command", manual)).get()
        with pytest.raises(InvalidInput, match=r"params\.expect: exit codes are 0 to 255"):
            runtime.trigger_scheduled_execution(key, params={"shell": "ls", "expect": [-1]}).get()
        with pytest.raises(InvalidInput, match=r"params\.argv: give exactly one"):
            runtime.run("quarterjack.command").get()


def test_they_are_served_over_rest(web: WebServer) -> None:
    with Site([], builtins=["command", "http"], http_allow_private=True) as site:
        client: RestClient = site.client
        answer = client.get("/api/workflows/quarterjack.command")
        assert [step["runner"] for step in answer.body["steps"]] == ["async"]

        wrong = draft("quarterjack.http", {"cron": "* * * * * *"}, url="ftp://x")
        assert client.post("/api/schedules/workflows", wrong).fields == [
            ["executionConfig", "params", "url"]
        ]
        key = client.schedule(
            "quarterjack.http",
            {"cron": "* * * * * *"},
            executionConfig={"params": {"url": web.url, "method": "POST"}},
        )
        found = eventually(
            lambda: [each for each in client.executions(key) if each["status"] == "succeeded"]
        )

        execution = client.get(f"/api/executions/{found[-1]['id']}").body
        assert execution["steps"][0]["result"]["body"] == "hello"
        assert web.asked[0].headers["idempotency-key"].endswith(":request")


def test_what_is_private_is_refused_by_default(web: WebServer) -> None:
    with Runtime(settings=Settings.of(builtins=["http"])) as runtime:
        key = runtime.run("quarterjack.http", params={"url": web.url}).get(timeout=10)
        execution = runtime.wait_for(key).get(timeout=10)

    assert execution.error is not None
    assert execution.error.type == "AddressRefused"
    assert web.asked == []


def test_a_host_that_is_not_allowed_is_refused_at_creation() -> None:
    settings = Settings.of(builtins=["http"], http_allowed_hosts=[".Example.org"])
    with VirtualRuntime(settings=settings) as runtime:
        create = runtime.create_scheduled_workflow
        cron = {"cron": "0 3 1 1 *"}
        create(draft("quarterjack.http", cron, url="http://a.example.org/")).get()
        with pytest.raises(InvalidInput, match=r"params\.url: the host 'x\.example' is not among"):
            create(draft("quarterjack.http", cron, url="http://x.example/")).get()


@pytest.mark.parametrize("how", ["cancel", "timeout", "stop"])
def test_the_command_of_an_execution_that_is_ended_is_gone(tmp_path: Path, how: str) -> None:
    asked = draft("quarterjack.command", {"manual": True}, shell=STUBBORN, cwd=str(tmp_path))
    if how == "timeout":
        asked["executionConfig"]["timeout"] = "1s"
    with Runtime(settings=Settings.of(builtins=["command"], grace=0)) as runtime:
        key = runtime.create_scheduled_workflow(asked).get(timeout=10)
        execution = runtime.trigger_scheduled_execution(key).get(timeout=10)
        found = noted(tmp_path)
        assert all(map(lives, found))
        if how == "cancel":
            runtime.cancel_scheduled_execution(execution).get(timeout=10)
        if how != "stop":
            ended = runtime.wait_for(execution).get(timeout=10)
            assert ended.status == {"cancel": "cancelled", "timeout": "timedOut"}[how]
            assert none_lives(found)

    assert none_lives(found)
