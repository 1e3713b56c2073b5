"""A token that is sent wherever it can be sent, also where it should not be: its text is kept nowhere."""

from pathlib import Path

import pytest
from bearer import Bearer
from raw_websocket import RawWebSocket, text
from server_process import Start

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_token_is_kept_nowhere_wherever_it_was_sent(
    start: Start, tmp_path: Path, form: str
) -> None:
    options = ("--runner", "thread", "--access-log", "--log-level", "debug", "--log-format", form)
    server = start(*options)
    client = server.client()
    made = client.post("/api/tokens", {"name": "root", "role": "admin"})
    secret = made.body["token"]
    admin = Bearer(client.url, secret)
    key = admin.schedule("isolated", {"manual": True})
    admin.ended(admin.trigger(key))

    others = [
        client.get(f"/api/schedules?token={secret}"),
        client.get(f"/api/schedules/{secret}/workflow"),
        client.get(f"/{secret}"),
        client.get("/api/schedules", {"Authorization": f"Basic {secret}"}),
        client.get("/api/schedules", {"Authorization": f"Bearer {secret}x"}),
        client.get("/api/schedules", {"Authorization": f"Token {secret}"}),
        admin.get(f"/api/schedules?token={secret}"),
        admin.send("POST", "/api/tokens", b'{"name": "n", "token": "%s"}' % secret.encode(), JSON),
        admin.post(f"/api/schedules/{key}/trigger", {}, {"Idempotency-Key": secret[:8]}),
    ]
    assert [each.status for each in others] == [401] * 6 + [422, 422, 202]
    for wrong in (secret + "x", secret):
        with RawWebSocket.open(client.url) as raw:
            raw.send(text({"op": "auth", "token": wrong}))
            assert secret not in str(raw.event())
    shown = [admin.get(path).raw for path in SHOWN]
    assert server.end() == 0

    hidden = secret[9:].encode()
    assert [each.status for each in others if hidden in each.raw] == []
    assert [path for path, raw in zip(SHOWN, shown, strict=True) if hidden in raw] == []
    kept = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert {"q.db", "log"} <= {each.name for each in kept}
    assert [each.name for each in kept if hidden in each.read_bytes()] == []


SHOWN = ["/api/tokens", "/api/audit", "/api/events", "/api/actors", "/metrics", "/openapi.json"]
SHOWN += ["/api/executions", "/api/schedules/export", "/api/nodes", "/api/session"]
