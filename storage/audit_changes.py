"""What can be written to the audit table: entries, which are never changed."""

from dataclasses import asdict, dataclass

from .access_tables import AuditRow
from .audit import AuditEntry
from .statements import columns, insert
from .transaction import Transaction

_INSERT = insert(AuditRow)


@dataclass(frozen=True, slots=True)
class RecordAudit:
    """Store what somebody did."""

    entry: AuditEntry

    def apply(self, transaction: Transaction) -> None:
        row = {**asdict(self.entry), "role": self.entry.role.value}
        transaction.write(_INSERT, columns(AuditRow, row))
