"""`/api/tokens`, and the audit of all and of one schedule: who may do what, and who did."""

from http import HTTPStatus
from typing import Any

from aiohttp import web

from quarterjack.storage import NotFound, Role, ScheduleId, TokenId
from quarterjack.storage.audit import AuditFilter

from ..answers import Answer, answered, ok, ok_large
from ..audit_trail import note
from ..call import Call
from ..intake import TokenDraft
from ..keys import runtime_of
from ..paging import next_cursor, page_request
from ..query import AuditQuery, PageQuery
from ..scope import own_workflows
from ..shapes.access import AuditEntry, MadeToken, ScheduleAuditEntry, Token
from ..shapes.shape import Listing, listed


def calls() -> list[Call]:
    """What can be asked of tokens, and of what was done with them."""
    return [
        Call("listTokens", "GET", "/api/tokens", list_tokens, Role.ADMIN),
        Call("createToken", "POST", "/api/tokens", create, Role.ADMIN, HTTPStatus.CREATED),
        Call(
            "revokeToken",
            "DELETE",
            "/api/tokens/{token_id}",
            revoke,
            Role.ADMIN,
            HTTPStatus.NO_CONTENT,
            errors=(NotFound,),
        ),
        Call("listAudit", "GET", "/api/audit", list_audit, Role.ADMIN),
        Call(
            "listScheduleAudit",
            "GET",
            "/api/schedules/{schedule_id}/audit",
            list_schedule_audit,
            errors=(NotFound,),
        ),
    ]


async def list_tokens(request: web.Request, query: PageQuery) -> Answer[Listing[Token]]:
    """The tokens, oldest first, also those that have expired or were revoked."""
    page = page_request(query, "tokens", (int, str))
    found = await answered(runtime_of(request).list_tokens(page))
    following = next_cursor(found, "tokens")
    return ok_large(lambda: listed(found, following, Token.of))


async def create(request: web.Request, body: TokenDraft) -> Answer[MadeToken]:
    """Make a token; its text is shown this once."""
    made = await answered(runtime_of(request).create_token_from(body))
    token = made.token
    note(request, token_id=token.id, role=token.role.value)
    return ok(MadeToken.of_new(made), {"Location": f"/api/tokens/{token.id}"})


async def revoke(request: web.Request) -> None:
    """Let a token be worth nothing from now on."""
    await answered(runtime_of(request).revoke_token(request.match_info["token_id"]))


async def list_audit(request: web.Request, query: AuditQuery) -> Answer[Listing[AuditEntry]]:
    """Who changed what, newest first."""
    named: dict[str, Any] = {
        "token_id": None if query.token is None else TokenId(query.token),
        "schedule_id": None if query.schedule_id is None else ScheduleId(query.schedule_id),
    }
    wanted = AuditFilter(action=query.action, since=query.since, until=query.until, **named)
    page = page_request(query, "audit", (int, int))
    found = await answered(runtime_of(request).list_audit(wanted, page))
    following = next_cursor(found, "audit")
    return ok_large(lambda: listed(found, following, AuditEntry.of))


async def list_schedule_audit(
    request: web.Request, query: PageQuery
) -> Answer[Listing[ScheduleAuditEntry]]:
    """Who changed what on a schedule, newest first."""
    key = request.match_info["schedule_id"]
    runtime, scope = runtime_of(request), f"audit of {key}"
    page = page_request(query, scope, (int, int))
    wanted = AuditFilter(schedule_id=ScheduleId(key), workflows=own_workflows(request))
    found = await answered(runtime.list_audit(wanted, page))
    if not found.items:
        await answered(runtime.get_schedule(key))  # an unknown schedule is no empty list
    following = next_cursor(found, scope)
    return ok_large(lambda: listed(found, following, ScheduleAuditEntry.of))
