"""A plain HTTP client for tests: one request, one answer, nothing retried."""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from waiting import eventually

_SECONDS = 20


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """The JSON in it."""
        return json.loads(self.raw)

    @property
    def fields(self) -> list[list[str | int]]:
        """The paths of the fields that a 422 names."""
        return [error["loc"] for error in self.body["errors"]]


class RestClient:
    """Of the server at `url`."""

    def __init__(self, url: str, context: ssl.SSLContext | None = None) -> None:
        self.url = url.rstrip("/")
        self.authority = urlsplit(url).netloc
        self._prefix = urlsplit(self.url).path
        self._context = context

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.send("GET", path, headers=headers)

    def post(
        self, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return self.send_json("POST", path, body, headers)

    def put(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Answer:
        return self.send_json("PUT", path, body, headers)

    def delete(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.send("DELETE", path, headers=headers)

    def send_json(
        self, method: str, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a value as JSON; None sends no body."""
        if body is None:
            return self.send(method, path, headers=headers)
        given = {"Content-Type": "application/json", **(headers or {})}
        return self.send(method, path, json.dumps(body).encode(), given)

    def send(
        self,
        method: str,
        path: str,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send bytes as they are."""
        connection = self._connection()
        try:
            target = self._prefix + path if path.startswith("/") else path
            connection.request(method, target, body=raw, headers=dict(headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._context is None:
            return http.client.HTTPConnection(self.authority, timeout=_SECONDS)
        return http.client.HTTPSConnection(self.authority, timeout=_SECONDS, context=self._context)

    def is_up(self) -> bool:
        """Whether somebody answers."""
        try:
            return self.get("/healthz").status == 200
        except OSError:
            return False

    # What many tests do

    def schedule(self, workflow: str, config: Mapping[str, Any], **more: Any) -> str:
        """Make a schedule; its id."""
        draft = {"workflowId": workflow, "name": "test", "scheduleConfig": config, **more}
        answer = self.post("/api/schedules/workflows", draft)
        assert answer.status == 201, answer.raw
        return str(answer.body["id"])

    def trigger(self, schedule_id: str, **body: Any) -> str:
        """Have a schedule run now; the execution's id."""
        answer = self.post(f"/api/schedules/{schedule_id}/trigger", body or None)
        assert answer.status == 202, answer.raw
        return str(answer.body["executionId"])

    def run(self, workflow: str, **params: Any) -> str:
        """Run a workflow with no schedule; the execution's id."""
        return self.run_with(workflow, params=params)

    def run_with(self, workflow: str, **body: Any) -> str:
        """The same with all that the body can say."""
        answer = self.post(f"/api/workflows/{workflow}/run", body)
        assert answer.status == 202, answer.raw
        return str(answer.body["executionId"])

    def cancel(self, execution_id: str) -> None:
        """Have an execution end before its time."""
        answer = self.post(f"/api/executions/{execution_id}/cancel")
        assert answer.status == 202, answer.raw

    def execution(self, execution_id: str) -> dict[str, Any]:
        """An execution with its steps."""
        found: dict[str, Any] = self.get(f"/api/executions/{execution_id}").body
        return found

    def ended(self, execution_id: str, *, within: float = 20) -> dict[str, Any]:
        """An execution with its steps, when it has ended."""

        def look() -> dict[str, Any] | None:
            found = self.execution(execution_id)
            return found if found["endedAt"] else None

        return eventually(look, within=within)

    def step(self, execution_id: str, name: str) -> dict[str, Any]:
        """One step of an execution."""
        steps = self.execution(execution_id)["steps"]
        return next(step for step in steps if step["name"] == name)

    def lines(self, execution_id: str, step: str) -> list[str]:
        """What the attempts of a step have written and logged so far, without the times."""
        answer = self.get(f"/api/executions/{execution_id}/steps/{step}/logs")
        assert answer.status == 200, answer.raw
        return [line["text"] for attempt in answer.body["items"] for line in attempt["lines"]]

    def events(self, **query: str) -> list[dict[str, Any]]:
        """All stored events, or those of a topic, oldest first."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            given = "".join(f"&{name}={value}" for name, value in query.items())
            body = self.get(f"/api/events?limit=500{given}{cursor}").body
            found += body["items"]
            if body["nextCursor"] is None:
                return found
            cursor = f"&cursor={body['nextCursor']}"

    def executions(self, schedule_id: str) -> list[dict[str, Any]]:
        """All executions of a schedule, newest first."""
        found: list[dict[str, Any]] = []
        address = f"/api/schedules/{schedule_id}/executions?limit=500"
        cursor = ""
        while True:
            body = self.get(address + cursor).body
            found += body["items"]
            if body["nextCursor"] is None:
                return found
            cursor = f"&cursor={body['nextCursor']}"
