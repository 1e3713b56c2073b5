"""Who waits or watches on a terminal is told when the server is gone, and goes on when it is there again."""

import re
import signal
from pathlib import Path

import pytest
from live_terminal import CTRL_C, LiveTerminal
from server_process import Start

SERVER_OPTIONS = ("--runner", "thread")
pytestmark = pytest.mark.timeout(180)


@pytest.mark.slow
def test_a_command_waits_through_a_kill_of_the_server(start: Start, log: Path, gate: Path) -> None:
    server = start()
    url = server.client().url
    given = ["run", "gated", "--param", f"log={log}", "--param", f"gate={gate}", "--wait"]
    with LiveTerminal(url, *given, columns=60) as terminal:
        terminal.shows("1/3")
        server.end(signal.SIGKILL)
        terminal.shows("trying again")
        start("--port", url.rpartition(":")[2]).client()
        gate.touch()

        assert terminal.end() == 0
        assert "3/3" in terminal.lines[0]
        assert "trying again" not in terminal.text


@pytest.mark.slow
def test_the_view_of_all_that_happens_goes_on_after_a_kill(
    start: Start, log: Path, gate: Path
) -> None:
    server = start()
    client = server.client()
    with LiveTerminal(client.url, "watch") as terminal:
        params = {"log": str(log), "gate": str(gate)}
        assert client.post("/api/workflows/gated/run", {"params": params}).status == 202
        terminal.shows("1/3 second")
        server.end(signal.SIGKILL)
        terminal.shows("trying again")
        start("--port", client.url.rpartition(":")[2]).client()
        gate.touch()

        lines = terminal.shows("third in")
        while lines[3] != "nothing":
            lines = terminal.shows("nothing")
        told = "\n".join(lines)
        assert "trying again" not in told
        assert len(re.findall(r"workflow\.completed", told)) == 1
        terminal.type(CTRL_C)
        assert terminal.end() == 130
