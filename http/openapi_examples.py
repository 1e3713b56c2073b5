"""An example of each body and answer that people look at first, by the name of its shape."""

from typing import Any, Final

_RULE: Final = {
    "cron": "0 3 * * *",
    "timezone": "Europe/Paris",
    "overlap": "skip",
    "catchUp": "latest",
    "catchUpWindow": "1h",
}
_SCHEDULE: Final = "sch_4k2m8n1p0q7r5s3t6v9w"
_EXECUTION: Final = "exe_7h3j9k2m5n8p1q4r6s0t"
_AT: Final = "2026-01-31T02:00:00.000000Z"

_WEBHOOK: Final = {
    "url": "https://hooks.example.org/quarterjack",
    "topics": ["workflow:failed", "workflow:timedOut"],
    "description": "To whom it concerns",
    "workflowIds": ["daily-report"],
    "scheduleId": None,
}

EXAMPLES: Final[dict[str, list[dict[str, Any]]]] = {
    "TokenRequest": [
        {"name": "ci", "role": "operator", "workflows": ["daily-report"], "expiresIn": "90d"}
    ],
    "MadeToken": [
        {
            "id": "tok_4k2m8n1p0q7r5s3t6v9w",
            "name": "ci",
            "prefix": "qj_4k2m8n",
            "role": "operator",
            "workflows": ["daily-report"],
            "createdAt": _AT,
            "expiresAt": "2026-05-01T02:00:00.000000Z",
            "revokedAt": None,
            "lastUsedAt": None,
            "token": "qj_4k2m8n1p0q7r5s3t6v9w4k2m8n1p0q7r5s3t",
        }
    ],
    "WebhookDraft": [_WEBHOOK, {**_WEBHOOK, "secret": {"env": "HOOK_SECRET"}}],
    "Webhook": [
        {
            **_WEBHOOK,
            "id": "whk_4k2m8n1p0q7r5s3t6v9w",
            "enabled": True,
            "disabledReason": None,
            "secret": "***",
            "cursor": 1042,
            "createdAt": _AT,
            "updatedAt": _AT,
        }
    ],
    "WebhookDelivery": [
        {
            "messageId": "msg_4k2m8n1p0q7r5s3t6v9w_1042",
            "seq": 1042,
            "event": "workflow.failed",
            "status": "failed",
            "attempts": 2,
            "createdAt": _AT,
            "attemptedAt": "2026-01-31T02:00:05.100000Z",
            "nextAttemptAt": "2026-01-31T02:00:23.500000Z",
            "deliveredAt": None,
            "lastStatus": 503,
            "lastError": "answered 503",
            "duration": 0.03,
        }
    ],
    "ScheduleDraft": [
        {
            "workflowId": "daily-report",
            "name": "Nightly report",
            "scheduleConfig": _RULE,
            "executionConfig": {
                "params": {"region": "eu"},
                "retryPolicy": {"attempts": 3, "backoff": "2s"},
            },
        }
    ],
    "ScheduledWorkflow": [
        {
            "id": _SCHEDULE,
            "scheduleId": _SCHEDULE,
            "workflowId": "daily-report",
            "name": "Nightly report",
            "description": "",
            "enabled": True,
            "scheduleConfig": {
                "cron": "0 3 * * *",
                "timezone": "Europe/Paris",
                "startAt": None,
                "endAt": None,
                "jitter": 0.0,
                "maxRuns": None,
                "exclude": ["2026-12-25"],
                "overlap": "skip",
                "catchUp": "latest",
                "catchUpWindow": 3600.0,
            },
            "executionConfig": {
                "params": {"region": "eu"},
                "priority": 5,
                "timeout": 600.0,
                "maxConcurrency": 1,
                "retryPolicy": None,
                "pauseOnFailure": None,
            },
            "metadata": {"team": "bi"},
            "version": 4,
            "createdAt": "2026-01-01T12:00:00.000000Z",
            "updatedAt": "2026-01-20T12:00:00.000000Z",
        }
    ],
    "ScheduleSummary": [
        {
            "scheduleId": _SCHEDULE,
            "workflowId": "daily-report",
            "name": "Nightly report",
            "enabled": True,
            "status": "active",
            "note": "",
            "rule": "At 03:00 every day",
            "timezone": "Europe/Paris",
            "nextExecution": "2026-02-01T02:00:00.000000Z",
            "lastExecution": {
                "id": _EXECUTION,
                "status": "succeeded",
                "trigger": "cron",
                "scheduledTime": _AT,
                "startedAt": "2026-01-31T02:00:00.003400Z",
                "endedAt": "2026-01-31T02:00:12.003400Z",
                "duration": 12.0,
            },
            "running": 0,
            "queued": 0,
            "failuresInRow": 0,
            "late": False,
            "lost": 0,
            "recent": [
                {
                    "id": _EXECUTION,
                    "status": "succeeded",
                    "scheduledTime": _AT,
                    "duration": 12.0,
                }
            ],
        }
    ],
    "Attention": [
        {
            "kind": "failing",
            "scheduleId": _SCHEDULE,
            "workflowId": "daily-report",
            "name": "Nightly report",
            "status": "active",
            "since": _AT,
            "count": 3,
            "error": {"type": "ConnectionError", "message": "the warehouse does not answer"},
            "nextExecution": "2026-02-01T02:00:00.000000Z",
            "lastExecution": {"id": _EXECUTION, "status": "failed"},
        }
    ],
    "TriggerBody": [{"params": {"region": "us"}, "priority": 1}],
    "RunBody": [{"params": {"region": "us"}}],
    "NoteBody": [{"note": "until the warehouse is back"}],
    "EventBody": [{"payload": {"order": 17}}],
    "BackfillRequest": [{"start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"}],
    "PreviewRequest": [{"scheduleConfig": {"cron": "30 2 * * *", "timezone": "Europe/Paris"}}],
    "CalendarBody": [{"description": "Bank holidays", "dates": ["2026-12-25", "2027-01-01"]}],
    "Started": [{"executionId": _EXECUTION}],
    "Execution": [
        {
            "id": _EXECUTION,
            "workflowId": "daily-report",
            "scheduleId": _SCHEDULE,
            "status": "succeeded",
            "trigger": "cron",
            "scheduledTime": _AT,
            "queuedAt": "2026-01-31T02:00:00.002100Z",
            "startedAt": "2026-01-31T02:00:00.003400Z",
            "endedAt": "2026-01-31T02:00:12.003400Z",
            "duration": 12.0,
            "priority": 5,
            "params": {"region": "eu"},
            "context": {},
            "result": {"rows": 1042},
            "error": None,
            "retryOf": None,
            "parent": None,
            "wakeAt": None,
            "backfillId": None,
        }
    ],
    "Fire": [
        {
            "scheduledTime": _AT,
            "through": None,
            "decidedAt": "2026-01-31T02:00:00.001900Z",
            "outcome": "started",
            "reason": None,
            "executionId": _EXECUTION,
            "blockedBy": None,
            "lateness": 0.0019,
            "jitter": 0.0,
            "instants": 1,
        }
    ],
    "Statistics": [
        {
            "by": "hour",
            "items": [
                {
                    "start": _AT,
                    "succeeded": 3,
                    "failed": 0,
                    "timedOut": 0,
                    "cancelled": 0,
                    "skipped": 1,
                    "missed": 0,
                }
            ],
        }
    ],
    "Event": [
        {
            "seq": 1042,
            "type": "schedule.triggered",
            "scheduleId": _SCHEDULE,
            "workflowId": "daily-report",
            "executionId": _EXECUTION,
            "timestamp": "2026-01-31T02:00:00.001900Z",
            "data": {"trigger": "cron", "scheduledTime": _AT, "lateness": 0.0019},
        }
    ],
}
