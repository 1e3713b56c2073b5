"""`quarterjack demo`: needs nothing, runs everything, leaves reports."""

import re
import signal
from pathlib import Path

from rest_client import RestClient
from server_process import ServerProcess
from waiting import eventually

REPORTS = ["dst-watch.json", "dst-watch.txt", "disk-watch.json", "disk-watch.txt", "self-care.json"]


def _succeeded(client: RestClient) -> set[str]:
    items = client.get("/api/executions?status=succeeded&limit=500").body["items"]
    return {item["workflowId"] for item in items}


def _demo(tmp_path: Path) -> ServerProcess:
    folder = tmp_path / "demo"
    return ServerProcess(
        "--port", "0", "--folder", str(folder), cwd=tmp_path, log=tmp_path / "log", command="demo"
    )


def test_every_example_succeeds_within_a_minute(tmp_path: Path) -> None:
    with _demo(tmp_path) as server:
        client = server.client()
        workflows = {item["id"] for item in client.get("/api/workflows").body["items"]}

        eventually(lambda: _succeeded(client) == workflows, within=60)
        failed = client.get("/api/executions?status=failed").body["items"]
        code = server.end(signal.SIGINT)

        assert code == 0
        assert failed == []
        assert len(workflows) == 3
        found = {path.name for path in (tmp_path / "demo").rglob("*")}
        assert set(REPORTS) <= found
        output = server.rest_of_output()
        assert re.search(r"\d\d:\d\d:\d\d  .*  succeeded in \d+\.\d\d s", output)
        assert "The reports are in" in output
        assert "Traceback" not in server.log


def test_a_second_demo_in_the_folder_goes_on_with_the_same_schedules(tmp_path: Path) -> None:
    with _demo(tmp_path) as server:
        client = server.client()
        first = eventually(lambda: client.get("/api/schedules").body["items"])
        eventually(lambda: len(client.get("/api/schedules").body["items"]) == 3)
        assert server.end() == 0

    with _demo(tmp_path) as server:
        client = server.client()
        again = client.get("/api/schedules").body["items"]
        assert server.end() == 0

    assert first[0]["id"] in [item["id"] for item in again]
    assert len(again) == 3
