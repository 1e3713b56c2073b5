"""Something of each kind on a server, so that every address can be filled in."""

from rest_client import RestClient

from quarterjack.http.call import Call


def one_of_each(client: RestClient, workflow: str = "echo", step: str = "say") -> dict[str, str]:
    """The values for the names in addresses; tokens and webhooks are nobody's."""
    key = client.schedule(workflow, {"cron": "0 0 1 1 *"}, enabled=True)
    execution = client.trigger(key)
    client.ended(execution)
    span = {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}
    made = client.post(f"/api/schedules/{key}/backfill", span)
    assert made.status == 202, made.raw
    return {
        "schedule_id": key,
        "execution_id": execution,
        "backfill_id": made.body["backfillId"],
        "workflow_id": workflow,
        "step": step,
        "name": "bank",
        "folder": "pages",
        "file": "events.js",
        "event": "go",
        "token_id": "tok_nobodys",
        "webhook_id": "whk_nobodys",
        "seq": "1",
    }


def address(call: Call, values: dict[str, str]) -> str:
    """Where the call is."""
    return call.path.format_map(values)
