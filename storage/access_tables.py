"""The tables of who may do what and who did what; as in `tables.py`, columns and indexes only."""

from peewee import BlobField, CompositeKey, IntegerField, Model, SmallIntegerField, TextField

from .tables import InstantField, PackedField


class TokenRow(Model):
    id = TextField(primary_key=True)
    name = TextField()
    digest = BlobField(unique=True)
    prefix = TextField()
    role = TextField()
    workflows = PackedField(null=True)
    created_at = InstantField()
    expires_at = InstantField(null=True)
    revoked_at = InstantField(null=True)
    last_used_at = InstantField(null=True)

    class Meta:
        table_name = "tokens"
        indexes = ((("created_at", "id"), False),)


class AuditRow(Model):
    id = IntegerField(primary_key=True)
    at = InstantField()
    token_id = TextField(null=True)
    token_name = TextField(null=True)
    role = TextField()
    address = TextField()
    action = TextField()
    schedule_id = TextField(null=True)
    workflow_id = TextField(null=True)
    execution_id = TextField(null=True)
    status = SmallIntegerField()
    request_id = TextField(null=True)
    detail = PackedField(null=True)

    class Meta:
        table_name = "audit"
        indexes = (
            (("at", "id"), False),
            (("schedule_id", "at", "id"), False),
            (("token_id", "at", "id"), False),
            (("action", "at", "id"), False),
        )


class IdempotentRequestRow(Model):
    caller = TextField()
    method = TextField()
    path = TextField()
    key = TextField()
    digest = BlobField()
    planned_id = TextField()
    status = SmallIntegerField(null=True)
    headers = PackedField(null=True)
    answer = BlobField(null=True)
    at = InstantField(index=True)

    class Meta:
        table_name = "idempotent_requests"
        primary_key = CompositeKey("caller", "method", "path", "key")


ACCESS_TABLES: tuple[type[Model], ...] = (TokenRow, AuditRow, IdempotentRequestRow)
