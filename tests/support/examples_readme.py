"""The lines that the examples' README tells to type, sent to a server that was started as it says."""

import json
import re
import shlex
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

from rest_client import Answer, RestClient
from server_process import ServerProcess
from waiting import eventually

Json = dict[str, Any]
_README: Final = files("quarterjack.examples").joinpath("README.md").read_text(encoding="utf-8")
_URL: Final = "http://127.0.0.1:8321"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", _README, re.MULTILINE | re.DOTALL)


(CONFIG,) = _blocks("toml")
"""The README's `quarterjack.toml`."""


class Line(NamedTuple):
    """A POST with curl."""

    path: str
    body: str | None


def lines() -> Iterator[Line]:
    """The README's lines of curl, in order."""
    for block in _blocks("bash"):
        for command in re.split(r"^(?=curl )", block, flags=re.MULTILINE):
            words = shlex.split(command)
            if words[:1] == ["curl"]:
                url = next(word for word in words if word.startswith(_URL))
                body = words[words.index("-d") + 1] if "-d" in words else None
                assert body is not None or words[words.index("-X") + 1] == "POST"
                yield Line(url.removeprefix(_URL), body)


def started(place: Path) -> ServerProcess:
    """`quarterjack serve --config quarterjack.toml` in a folder with that file, on a free port."""
    (place / "quarterjack.toml").write_text(CONFIG, encoding="utf-8")
    options = ("--config", "quarterjack.toml", "--port", "0")
    return ServerProcess(*options, cwd=place, log=place / "server.log")


class ExamplesReadme:
    """Does what it says, on a server that runs in the folder `place`."""

    def __init__(self, client: RestClient, place: Path) -> None:
        self.client = client
        self.place = place

    def send(self, path: str, **replaced: str) -> Answer:
        """Send the line with that address; in its body, texts are replaced."""
        (line,) = (each for each in lines() if each.path == path)
        return self.post(line, **replaced)

    def post(self, line: Line, **replaced: str) -> Answer:
        """Send a line."""
        if line.body is None:
            return self.client.post(line.path)
        body = line.body.replace(_URL, self.client.url)
        for old, new in replaced.items():
            body = body.replace(old, new)
        return self.client.post(line.path, json.loads(body))

    def run(self, workflow: str, **replaced: str) -> str:
        """Run a workflow as it is written; the execution."""
        answer = self.send(f"/api/workflows/{workflow}/run", **replaced)
        assert answer.status == 202, answer.raw
        return str(answer.body["executionId"])

    def retry(self, key: str) -> str:
        """The new execution."""
        return str(self._about(key, "retry").body["executionId"])

    def cancel(self, key: str) -> None:
        """Cancel an execution."""
        self._about(key, "cancel")

    def execution(self, key: str) -> Json:
        """An execution with its steps."""
        body: Json = self.client.get(f"/api/executions/{key}").body
        return body

    def ended(self, key: str) -> Json:
        """The same, when it has ended."""

        def look() -> Json | None:
            body = self.execution(key)
            return body if body["endedAt"] else None

        return eventually(look, within=40)

    def succeeded(self, key: str) -> Json:
        """The same; it must have succeeded."""
        ended = self.ended(key)
        assert ended["status"] == "succeeded", ended["error"]
        return ended

    def _about(self, key: str, what: str) -> Answer:
        line = next(each for each in lines() if each.path == f"/api/executions/exe_…/{what}")
        answer = self.post(line._replace(path=line.path.replace("exe_…", key)))
        assert answer.status == 202, answer.raw
        return answer


def step_of(execution: Json, name: str) -> Json:
    """One of its steps."""
    found: Json = next(each for each in execution["steps"] if each["name"] == name)
    return found


def attempts_of(execution: Json, name: str) -> list[int]:
    """How often each item of a mapped step was tried in this execution."""
    return [len(item["attempts"]) for item in step_of(execution, name)["items"]]
