"""Schemathesis makes requests of the description, good and bad ones, and compares the answers with it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bearer import Bearer
from server_process import Start

SUPPORT = Path(__file__).parents[1] / "support"
_SECONDS = 1_400


SOME = "examples,fuzzing,stateful"
ALL = "examples,coverage,fuzzing,stateful"
"""Also each boundary of each parameter, in thousands of requests."""


@pytest.mark.parametrize(
    ("phases", "examples"),
    [
        pytest.param(SOME, 5, id="some"),
        pytest.param(ALL, 30, id="all", marks=[pytest.mark.slow, pytest.mark.timeout(1_500)]),
    ],
)
@pytest.mark.timeout(300)
def test_every_answer_is_as_described_whatever_is_asked(
    phases: str,
    examples: int,
    start: Start,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    server = start("--runner", "thread", "--trusted-proxy", "127.0.0.1/32")
    client = server.client()
    made = client.post("/api/tokens", {"name": "schemathesis", "role": "admin"})
    client = Bearer(client.url, made.body["token"])  # it makes tokens itself
    draft = {"workflowId": "report", "name": "r", "scheduleConfig": {"manual": True}}
    assert client.post("/api/schedules/workflows", draft).status == 201

    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(SUPPORT / "schemathesis.toml"), "run"),
            *(f"{client.url}/openapi.json", "--checks", "all", "--no-color"),
            *("--phases", phases),
            *("--header", f"Authorization: Bearer {client.secret}"),
            *("--exclude-operation-id", "revokeToken"),  # it would find its own in the list
            *("--max-examples", str(examples), "--seed", "1", "--generation-database", "none"),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SUPPORT), "SCHEMATHESIS_HOOKS": "schemathesis_hooks"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )

    assert done.returncode == 0, done.stdout
    summary = done.stdout.rpartition(" SUMMARY ")[2]
    operations = len(client.get("/openapi.json").body["paths"])
    tested = re.search(r"Tested: (\d+)", summary)
    assert tested is not None and int(tested[1]) >= operations, summary
    record_property("summary", f"Schemathesis {summary.strip('= ')}")
    assert client.get("/healthz").status == 200
