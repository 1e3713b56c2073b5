"""A plain HTTP client for tests: one request, one answer, nothing retried."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

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

    def __init__(self, url: str) -> None:
        self.url = url
        self.authority = urlsplit(url).netloc

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
        connection = http.client.HTTPConnection(self.authority, timeout=_SECONDS)
        try:
            connection.request(method, path, body=raw, headers=dict(headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

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
