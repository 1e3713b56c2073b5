"""What can be asked of a server's tokens, and of what was done with them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from quarterjack.actors.engine import Reply
from quarterjack.storage import Role
from quarterjack.storage.audit import AuditFilter
from quarterjack.storage.durations import format_duration
from quarterjack.storage.instants import format_instant
from quarterjack.storage.queries import PageRequest

from ..shapes.access import AuditEntry, MadeToken, ScheduleAuditEntry, Token
from .asking import FIRST, Asking
from .listing import PagedReply
from .request import Wanted


class AccessCalls(Asking):
    """The calls about who may do what, and who did."""

    def create_token(
        self,
        name: str,
        role: Role | str,
        *,
        workflows: Iterable[str] | None = None,
        expires_at: datetime | str | None = None,
        expires_in: timedelta | str | float | None = None,
    ) -> Reply[MadeToken]:
        """Make a token: valid at once, for all workflows or only for those; its text is shown this once.

        Raises `InvalidInput`.
        """
        given = {
            "name": name,
            "role": role,
            "workflows": None if workflows is None else list(workflows),
            "expiresAt": format_instant(expires_at)
            if isinstance(expires_at, datetime)
            else expires_at,
            "expiresIn": format_duration(expires_in)
            if isinstance(expires_in, timedelta)
            else expires_in,
        }
        return self.create_token_from(given)

    def create_token_from(self, given: Mapping[str, Any]) -> Reply[MadeToken]:
        """The same from the outside interface's camelCase form."""
        return self._ask(MadeToken, Wanted("createToken", body=dict(given)))

    def list_tokens(self, page: PageRequest = FIRST) -> PagedReply[Token]:
        """Tokens, oldest first; also those that have expired or were revoked."""
        return self._list(Token, Wanted("listTokens"), page)

    def revoke_token(self, token_id: str) -> Reply[None]:
        """Let a token be worth nothing from now on. Raises `NotFound`."""
        return self._tell(Wanted("revokeToken", {"token_id": token_id}))

    def list_audit(
        self, wanted: AuditFilter = AuditFilter(), page: PageRequest = FIRST
    ) -> PagedReply[AuditEntry]:
        """Who did what, newest first."""
        query = {
            "token": wanted.token_id,
            "schedule_id": wanted.schedule_id,
            "action": wanted.action,
            "since": wanted.since,
            "until": wanted.until,
        }
        return self._list(AuditEntry, Wanted("listAudit", query=query), page)

    def list_schedule_audit(
        self, schedule_id: str, page: PageRequest = FIRST
    ) -> PagedReply[ScheduleAuditEntry]:
        """Who did what with a schedule, newest first; for whoever may see it. Raises `NotFound`."""
        wanted = Wanted("listScheduleAudit", {"schedule_id": schedule_id})
        return self._list(ScheduleAuditEntry, wanted, page)
