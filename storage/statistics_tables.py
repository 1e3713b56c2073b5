"""The tables of what was counted as it happened: small, and never smaller for rows that are forgotten."""

from peewee import SQL, BigIntegerField, CompositeKey, IntegerField, Model, TextField

from .tables import DateField, InstantField


def _count() -> IntegerField:
    return IntegerField(default=0, constraints=[SQL("DEFAULT 0")])


class _Counted(Model):
    """How many executions ended how, and how many due instants made none."""

    succeeded = _count()
    failed = _count()
    timed_out = _count()
    cancelled = _count()
    skipped = _count()
    missed = _count()


class WorkflowHourRow(_Counted):
    """One hour (UTC) of one workflow."""

    hour = InstantField()
    workflow_id = TextField()

    class Meta:
        table_name = "workflow_hours"
        primary_key = CompositeKey("hour", "workflow_id")
        indexes = ((("workflow_id", "hour"), False),)
        without_rowid = True


class ScheduleDayRow(_Counted):
    """One day (UTC) of one schedule, as long as it was of that workflow."""

    schedule_id = TextField()
    day = DateField()
    workflow_id = TextField()
    duration_sum = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    """Microseconds that those that succeeded took."""

    class Meta:
        table_name = "schedule_days"
        primary_key = CompositeKey("schedule_id", "day", "workflow_id")
        without_rowid = True


class WorkflowDurationRow(Model):
    """The executions of one workflow that succeeded on one day (UTC) and took about as long."""

    workflow_id = TextField()
    day = DateField()
    bucket = IntegerField()
    executions = _count()
    duration_sum = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0")])

    class Meta:
        table_name = "workflow_durations"
        primary_key = CompositeKey("workflow_id", "day", "bucket")
        without_rowid = True


STATISTICS_TABLES: tuple[type[Model], ...] = (WorkflowHourRow, ScheduleDayRow, WorkflowDurationRow)
