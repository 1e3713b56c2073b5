"""Every call as the client makes it, so that it loads no server; a test compares it with the server's."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Row(NamedTuple):
    """How a call is made."""

    method: str
    path: str
    takes_key: bool = False
    """Whether a repetition with the same `Idempotency-Key` is done once."""


CALLS: Final[Mapping[str, Row]] = {
    "backfillSchedule": Row("POST", "/api/schedules/{schedule_id}/backfill", takes_key=True),
    "cancelBackfill": Row("POST", "/api/backfills/{backfill_id}/cancel"),
    "cancelExecution": Row("POST", "/api/executions/{execution_id}/cancel"),
    "checkDatabase": Row("GET", "/api/check"),
    "connect": Row("GET", "/api/ws"),
    "createSchedule": Row("POST", "/api/schedules/workflows", takes_key=True),
    "createToken": Row("POST", "/api/tokens"),
    "createWebhook": Row("POST", "/api/webhooks"),
    "deleteCalendar": Row("DELETE", "/api/calendars/{name}"),
    "deleteSchedule": Row("DELETE", "/api/schedules/{schedule_id}/workflow"),
    "deleteWebhook": Row("DELETE", "/api/webhooks/{webhook_id}"),
    "exportSchedules": Row("GET", "/api/schedules/export"),
    "getBackfill": Row("GET", "/api/backfills/{backfill_id}"),
    "getBackup": Row("GET", "/api/backup"),
    "getCalendar": Row("GET", "/api/calendars/{name}"),
    "getDashboard": Row("GET", "/"),
    "getDashboardFile": Row("GET", "/dashboard/{file}"),
    "getDashboardModule": Row("GET", "/dashboard/{folder}/{file}"),
    "getDescription": Row("GET", "/openapi.json"),
    "getExecution": Row("GET", "/api/executions/{execution_id}"),
    "getHealth": Row("GET", "/healthz"),
    "getMetrics": Row("GET", "/metrics"),
    "getOverview": Row("GET", "/api/overview"),
    "getReadiness": Row("GET", "/readyz"),
    "getSchedule": Row("GET", "/api/schedules/{schedule_id}/workflow"),
    "getScheduleDays": Row("GET", "/api/schedules/{schedule_id}/days"),
    "getScheduleStatus": Row("GET", "/api/schedules/{schedule_id}/status"),
    "getSession": Row("GET", "/api/session"),
    "getStatistics": Row("GET", "/api/statistics"),
    "getStepLogs": Row("GET", "/api/executions/{execution_id}/steps/{step}/logs"),
    "getTimeline": Row("GET", "/api/timeline"),
    "getWebhook": Row("GET", "/api/webhooks/{webhook_id}"),
    "getWorkflow": Row("GET", "/api/workflows/{workflow_id}"),
    "getWorkflowStatistics": Row("GET", "/api/workflows/{workflow_id}/statistics"),
    "importSchedules": Row("POST", "/api/schedules/import"),
    "listActors": Row("GET", "/api/actors"),
    "listAudit": Row("GET", "/api/audit"),
    "listBackfills": Row("GET", "/api/schedules/{schedule_id}/backfills"),
    "listCalendars": Row("GET", "/api/calendars"),
    "listEvents": Row("GET", "/api/events"),
    "listExecutions": Row("GET", "/api/executions"),
    "listFires": Row("GET", "/api/schedules/{schedule_id}/fires"),
    "listNodes": Row("GET", "/api/nodes"),
    "listRunning": Row("GET", "/api/running"),
    "listScheduleAudit": Row("GET", "/api/schedules/{schedule_id}/audit"),
    "listScheduleExecutions": Row("GET", "/api/schedules/{schedule_id}/executions"),
    "listScheduleSummaries": Row("GET", "/api/schedules/summaries"),
    "listSchedules": Row("GET", "/api/schedules"),
    "listTokens": Row("GET", "/api/tokens"),
    "listUpcoming": Row("GET", "/api/schedules/{schedule_id}/upcoming"),
    "listWebhookDeliveries": Row("GET", "/api/webhooks/{webhook_id}/deliveries"),
    "listWebhooks": Row("GET", "/api/webhooks"),
    "listWorkflowSchedules": Row("GET", "/api/workflows/{workflow_id}/schedules"),
    "listWorkflows": Row("GET", "/api/workflows"),
    "pauseSchedule": Row("POST", "/api/schedules/{schedule_id}/pause"),
    "previewSchedule": Row("POST", "/api/schedules/preview"),
    "prune": Row("POST", "/api/prune"),
    "putCalendar": Row("PUT", "/api/calendars/{name}"),
    "readCron": Row("GET", "/api/cron"),
    "resumeSchedule": Row("POST", "/api/schedules/{schedule_id}/resume"),
    "retryExecution": Row("POST", "/api/executions/{execution_id}/retry", takes_key=True),
    "retryWebhookDelivery": Row("POST", "/api/webhooks/{webhook_id}/deliveries/{seq}/retry"),
    "revokeToken": Row("DELETE", "/api/tokens/{token_id}"),
    "runWorkflow": Row("POST", "/api/workflows/{workflow_id}/run", takes_key=True),
    "scheduleWorkflow": Row("POST", "/api/workflows/{workflow_id}/schedule", takes_key=True),
    "sendEvent": Row("POST", "/api/events/{event}"),
    "syncSchedule": Row("POST", "/api/schedules/{schedule_id}/sync"),
    "testWebhook": Row("POST", "/api/webhooks/{webhook_id}/test"),
    "triggerSchedule": Row("POST", "/api/schedules/{schedule_id}/trigger", takes_key=True),
    "updateSchedule": Row("PUT", "/api/schedules/{schedule_id}/workflow"),
    "updateWebhook": Row("PUT", "/api/webhooks/{webhook_id}"),
}
"""By the operation's id."""
