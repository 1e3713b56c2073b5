"""The description at /openapi.json: valid, whole, and of nothing else than what is served."""

import json
import re
from typing import Any

import pytest
from bearer import Bearer
from command_line import CommandLine
from openapi_spec_validator import validate
from rest_client import RestClient
from site_server import Site

from quarterjack.http import intake
from quarterjack.http.openapi_examples import EXAMPLES
from quarterjack.http.protocol import URN
from quarterjack.http.routes import all_calls
from quarterjack.http.settings import HttpSettings

BODIES = {
    shape.__name__: shape
    for call in all_calls()
    for shape in call.intake.media.values()
    if shape is not None
}


@pytest.fixture
def described(client: RestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").body
    return found


def _operations(described: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


def test_it_is_valid_openapi(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1.")
    validate(described)


def test_it_has_every_address_that_is_served_and_no_other(
    site: Site, described: dict[str, Any]
) -> None:
    served = {
        (route.method, resource.canonical)
        for resource in site.app.router.resources()
        for route in resource
        if route.method != "HEAD"
    }

    assert _operations(described).keys() == served


def test_each_operation_has_a_name_a_sentence_and_a_group(described: dict[str, Any]) -> None:
    operations = _operations(described).values()
    names = [each["operationId"] for each in operations]
    groups = {each["name"] for each in described["tags"]}

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+[A-Za-z]*", name) for name in names)
    assert all(each["summary"].endswith(".") for each in operations)
    assert {tag for each in operations for tag in each["tags"]} == groups


def test_every_error_body_is_described_with_an_example(described: dict[str, Any]) -> None:
    for name, response in described["components"]["responses"].items():
        content = response["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        examples = [each["value"] for each in content["examples"].values()]
        assert {each["type"] for each in examples} == {URN + part for part in name.split("_or_")}


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() & BODIES.keys()))
def test_the_example_of_a_body_is_a_good_one(name: str) -> None:
    for example in EXAMPLES[name]:
        assert BODIES[name].model_validate(example)


def test_a_change_may_leave_everything_out(described: dict[str, Any]) -> None:
    update = _operations(described)["PUT", "/api/schedules/{schedule_id}/workflow"]

    assert update["requestBody"]["content"]["application/json"]["schema"]["required"] == []


def test_what_can_be_repeated_safely_says_so(described: dict[str, Any]) -> None:
    keyed = {
        operation["operationId"]
        for operation in _operations(described).values()
        if any(each["name"] == "Idempotency-Key" for each in operation["parameters"])
    }

    assert {"createSchedule", "triggerSchedule", "runWorkflow", "retryExecution"} <= keyed


def test_the_command_line_prints_it(described: dict[str, Any]) -> None:
    printed = CommandLine("http://127.0.0.1:1")("openapi")

    assert printed.exit_code == 0
    assert json.loads(printed.output)["paths"].keys() == described["paths"].keys()


def test_an_intake_without_media_takes_no_body() -> None:
    assert intake.NoBody().media == {}


def test_it_says_whether_a_token_is_needed(client: RestClient, described: dict[str, Any]) -> None:
    secret = client.post("/api/tokens", {"name": "root", "role": "admin"}).body["token"]

    then = Bearer(client.url, secret).get("/openapi.json").body

    needed = {key: each["security"] for key, each in _operations(then).items()}
    assert not any(each["security"] for each in _operations(described).values())
    assert needed["GET", "/api/schedules"] == [{"token": []}]
    assert {key[1] for key, each in needed.items() if not each} == {
        "/healthz",
        "/readyz",
        "/api/ws",
        "/",
        "/dashboard/{file}",
        "/dashboard/{folder}/{file}",
    }


def test_it_names_the_path_below_which_the_server_is() -> None:
    with Site([], front=HttpSettings.of(path_prefix="/qj")) as site:
        found = site.client.get("/qj/openapi.json").body

    assert found["servers"] == [{"url": "/qj"}]
