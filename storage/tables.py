"""The tables: columns, types and indexes; no behaviour, and no database bound to them.

`tests/storage` compares them with what the migrations make, so that the two can't drift apart.
"""

from peewee import (
    SQL,
    BigIntegerField,
    BlobField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    SmallIntegerField,
    TextField,
)

from .columns import DateField, DaysField, InstantField, PackedField


class ScheduleRow(Model):
    id = TextField(primary_key=True)
    workflow_id = TextField(index=True)
    name = TextField()
    description = TextField()
    status = TextField()
    note = TextField()
    schedule_config = PackedField()
    execution_config = PackedField()
    metadata = PackedField()
    version = IntegerField()
    created_at = InstantField()
    updated_at = InstantField()
    next_fire = InstantField(null=True)
    last_execution_at = InstantField(null=True)
    last_error = PackedField(null=True)
    executions = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    succeeded = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    failed = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    duration_sum = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    last_duration = BigIntegerField(null=True)
    next_due = InstantField(null=True)
    resumed_at = InstantField(null=True)
    runs = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    failures_in_row = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    event = TextField(null=True)

    class Meta:
        table_name = "schedules"
        indexes = (
            (("status", "next_fire"), False),
            (("created_at", "id"), False),
            (("next_fire", "id"), False),
        )


ScheduleRow.add_index(ScheduleRow.event, where=ScheduleRow.event.is_null(False))
ScheduleRow.add_index(ScheduleRow.failures_in_row, where=ScheduleRow.failures_in_row >= SQL("2"))
ScheduleRow.add_index(ScheduleRow.name.collate("NOCASE"), ScheduleRow.id, name="schedules_by_name")


class ExecutionRow(Model):
    id = TextField(primary_key=True)
    workflow_id = TextField()
    schedule_id = TextField(null=True)
    status = TextField()
    trigger = TextField()
    scheduled_time = InstantField()
    due = InstantField(null=True)
    queued_at = InstantField()
    started_at = InstantField(null=True)
    ended_at = InstantField(null=True)
    priority = SmallIntegerField()
    params = PackedField()
    context = PackedField()
    options = PackedField()
    result = PackedField(null=True)
    error = PackedField(null=True)
    retry_of = TextField(null=True)
    boot_id = TextField(null=True)
    parent_id = TextField(null=True)
    parent_step = TextField(null=True)
    wake_at = InstantField(null=True)
    stop_reason = TextField(null=True)
    backfill_id = TextField(null=True)
    chain = PackedField(null=True)
    traceparent = TextField(null=True)

    class Meta:
        table_name = "executions"
        indexes = (
            (("schedule_id", "due"), True),
            (("schedule_id", "queued_at"), False),
            (("workflow_id", "queued_at"), False),
            (("status", "queued_at"), False),
            (("queued_at", "id"), False),
        )


ExecutionRow.add_index(
    ExecutionRow.backfill_id,
    ExecutionRow.retry_of,
    ExecutionRow.status,
    where=ExecutionRow.backfill_id.is_null(False),
)
ExecutionRow.add_index(
    ExecutionRow.schedule_id, ExecutionRow.ended_at, where=ExecutionRow.ended_at.is_null(False)
)
ExecutionRow.add_index(
    ExecutionRow.schedule_id, ExecutionRow.status, where=ExecutionRow.ended_at.is_null()
)
ExecutionRow.add_index(
    ExecutionRow.started_at,
    ExecutionRow.id,
    where=ExecutionRow.ended_at.is_null() & ExecutionRow.started_at.is_null(False),
)


class BackfillRow(Model):
    id = TextField(primary_key=True)
    schedule_id = TextField()
    start = InstantField()
    end = InstantField()
    overlap = TextField()
    max_concurrency = IntegerField()
    priority = SmallIntegerField()
    params = PackedField()
    total = IntegerField()
    created_at = InstantField()
    cancelled_at = InstantField(null=True)

    class Meta:
        table_name = "backfills"
        indexes = ((("schedule_id", "created_at", "id"), False),)


class StepRow(Model):
    execution = ForeignKeyField(
        ExecutionRow, column_name="execution_id", on_delete="CASCADE", index=False
    )
    name = TextField()
    status = TextField()
    result = PackedField(null=True)
    progress = PackedField(null=True)
    wake_at = InstantField(null=True)
    event = TextField(null=True)
    event_key = TextField(null=True)
    child_id = TextField(null=True)

    class Meta:
        table_name = "steps"
        primary_key = CompositeKey("execution", "name")
        without_rowid = True


StepRow.add_index(StepRow.event, StepRow.event_key, where=StepRow.event.is_null(False))


class AttemptRow(Model):
    execution = ForeignKeyField(
        ExecutionRow, column_name="execution_id", on_delete="CASCADE", index=False
    )
    step = TextField()
    number = IntegerField()
    started_at = InstantField()
    ended_at = InstantField(null=True)
    error = PackedField(null=True)

    class Meta:
        table_name = "attempts"
        primary_key = CompositeKey("execution", "step", "number")
        without_rowid = True


class OutputRow(Model):
    execution = ForeignKeyField(
        ExecutionRow, column_name="execution_id", on_delete="CASCADE", index=False
    )
    step = TextField()
    number = IntegerField()
    output = PackedField()

    class Meta:
        table_name = "outputs"
        indexes = ((("execution", "step", "number"), True),)


class FireRow(Model):
    schedule_id = TextField()
    due = InstantField()
    decided_at = InstantField()
    outcome = TextField()
    reason = TextField(null=True)
    execution_id = TextField(null=True)
    blocked_by = TextField(null=True)
    through = InstantField(null=True)
    instants = IntegerField(default=1, constraints=[SQL("DEFAULT 1")])
    jitter = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0")])

    class Meta:
        table_name = "fires"
        primary_key = CompositeKey("schedule_id", "due")
        without_rowid = True


WAS_MISSED = FireRow.outcome == SQL("'missed'")
"""Written as its index says it: only so is that used."""
WAS_A_GAP = FireRow.outcome.in_([SQL("'skipped'"), SQL("'missed'")])
FireRow.add_index(FireRow.decided_at, where=WAS_MISSED)
FireRow.add_index(FireRow.schedule_id, FireRow.due, where=WAS_A_GAP)


class CalendarRow(Model):
    name = TextField(primary_key=True)
    description = TextField()
    source = TextField()
    days = DaysField()
    since = DateField(null=True)
    through = DateField(null=True)
    icalendar = TextField(null=True)
    version = IntegerField()
    created_at = InstantField()
    updated_at = InstantField()

    class Meta:
        table_name = "calendars"


class EventRow(Model):
    seq = IntegerField(primary_key=True)
    type = TextField()
    schedule_id = TextField(null=True)
    workflow_id = TextField(null=True)
    execution_id = TextField(null=True)
    timestamp = InstantField()
    data = PackedField()

    class Meta:
        table_name = "events"


class FactRow(Model):
    name = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "facts"
        without_rowid = True


class DeliveryRow(Model):
    id = IntegerField(primary_key=True)
    name = TextField()
    key = TextField()
    payload = PackedField(null=True)
    at = InstantField(unique=True)
    chain = PackedField()
    source = TextField(null=True)
    listeners = PackedField()
    answer = PackedField()
    idempotency_key = TextField(null=True)
    digest = BlobField(null=True)
    done_at = InstantField(null=True, index=True)
    traceparent = TextField(null=True)

    class Meta:
        table_name = "deliveries"
        indexes = ((("name", "idempotency_key"), True),)


class WebhookRow(Model):
    id = TextField(primary_key=True)
    url = TextField()
    description = TextField()
    topics = PackedField()
    workflow_ids = PackedField()
    schedule_id = TextField(null=True)
    enabled = IntegerField()
    disabled_reason = TextField()
    secret = PackedField()
    cursor = IntegerField()
    created_at = InstantField()
    updated_at = InstantField()

    class Meta:
        table_name = "webhooks"


class WebhookDeliveryRow(Model):
    webhook = ForeignKeyField(
        WebhookRow, column_name="webhook_id", on_delete="CASCADE", index=False
    )
    seq = IntegerField()
    event_type = TextField()
    status = TextField()
    body = PackedField()
    created_at = InstantField()
    attempts = IntegerField()
    next_attempt_at = InstantField(null=True)
    attempted_at = InstantField(null=True)
    last_status = IntegerField(null=True)
    last_error = TextField(null=True)
    duration = BigIntegerField(null=True)
    delivered_at = InstantField(null=True)

    class Meta:
        table_name = "webhook_deliveries"
        primary_key = CompositeKey("webhook", "seq")
        indexes = ((("webhook", "created_at", "seq"), False),)


WebhookDeliveryRow.add_index(
    WebhookDeliveryRow.webhook,
    WebhookDeliveryRow.next_attempt_at,
    where=WebhookDeliveryRow.next_attempt_at.is_null(False),
)


TABLES: tuple[type[Model], ...] = (
    ScheduleRow,
    ExecutionRow,
    BackfillRow,
    StepRow,
    AttemptRow,
    OutputRow,
    FireRow,
    EventRow,
    FactRow,
    DeliveryRow,
    CalendarRow,
    WebhookRow,
    WebhookDeliveryRow,
)

__all__ = [
    "TABLES",
    "WAS_A_GAP",
    "WAS_MISSED",
    "AttemptRow",
    "BackfillRow",
    "CalendarRow",
    "DateField",
    "DeliveryRow",
    "EventRow",
    "ExecutionRow",
    "FactRow",
    "FireRow",
    "InstantField",
    "OutputRow",
    "PackedField",
    "ScheduleRow",
    "StepRow",
    "WebhookDeliveryRow",
    "WebhookRow",
]
