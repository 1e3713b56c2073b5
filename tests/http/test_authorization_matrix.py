"""Every call × every kind of caller: a call that is missing from the table fails.

What is let in is sent with a query parameter that no call knows, so that nothing happens: it is 422.
"""

from collections.abc import Iterator

import pytest
from bearer import Bearer
from one_of_each import address, one_of_each
from rest_client import RestClient
from site_server import Site

from quarterjack.http.call import CALLS
from quarterjack.http.routes import all_calls
from quarterjack.runtime import Workflow

ANYBODY, VIEWER, OPERATOR, ADMIN = "anybody", "viewer", "operator", "admin"
RANKS = [VIEWER, OPERATOR, ADMIN]
ITS_OWN = "its own part"
"""A token for another workflow may call, and sees and makes nothing of the others."""
NOT_THERE = "not there"
"""It is answered as if there were nothing."""
WHOLE = "about the whole server"
"""It is refused."""

TABLE = {
    "createSchedule": (ADMIN, ITS_OWN),
    "listSchedules": (VIEWER, ITS_OWN),
    "getSchedule": (VIEWER, NOT_THERE),
    "updateSchedule": (ADMIN, NOT_THERE),
    "deleteSchedule": (ADMIN, NOT_THERE),
    "triggerSchedule": (OPERATOR, NOT_THERE),
    "listScheduleExecutions": (VIEWER, NOT_THERE),
    "getScheduleStatus": (VIEWER, NOT_THERE),
    "pauseSchedule": (OPERATOR, NOT_THERE),
    "resumeSchedule": (OPERATOR, NOT_THERE),
    "syncSchedule": (OPERATOR, NOT_THERE),
    "listUpcoming": (VIEWER, NOT_THERE),
    "listFires": (VIEWER, NOT_THERE),
    "listScheduleAudit": (VIEWER, NOT_THERE),
    "previewSchedule": (VIEWER, ITS_OWN),
    "exportSchedules": (VIEWER, ITS_OWN),
    "importSchedules": (ADMIN, WHOLE),
    "backfillSchedule": (OPERATOR, NOT_THERE),
    "listBackfills": (VIEWER, NOT_THERE),
    "getBackfill": (VIEWER, NOT_THERE),
    "cancelBackfill": (OPERATOR, NOT_THERE),
    "listCalendars": (VIEWER, ITS_OWN),
    "getCalendar": (VIEWER, ITS_OWN),
    "putCalendar": (ADMIN, WHOLE),
    "deleteCalendar": (ADMIN, WHOLE),
    "listWorkflows": (VIEWER, ITS_OWN),
    "getWorkflow": (VIEWER, NOT_THERE),
    "listWorkflowSchedules": (VIEWER, NOT_THERE),
    "scheduleWorkflow": (ADMIN, NOT_THERE),
    "runWorkflow": (OPERATOR, NOT_THERE),
    "listExecutions": (VIEWER, ITS_OWN),
    "getExecution": (VIEWER, NOT_THERE),
    "getStepLogs": (VIEWER, NOT_THERE),
    "cancelExecution": (OPERATOR, NOT_THERE),
    "retryExecution": (OPERATOR, NOT_THERE),
    "getStatistics": (VIEWER, ITS_OWN),
    "getScheduleDays": (VIEWER, NOT_THERE),
    "getWorkflowStatistics": (VIEWER, NOT_THERE),
    "listEvents": (VIEWER, ITS_OWN),
    "sendEvent": (OPERATOR, WHOLE),
    "listWebhooks": (ADMIN, WHOLE),
    "createWebhook": (ADMIN, WHOLE),
    "getWebhook": (ADMIN, WHOLE),
    "updateWebhook": (ADMIN, WHOLE),
    "deleteWebhook": (ADMIN, WHOLE),
    "testWebhook": (ADMIN, WHOLE),
    "listWebhookDeliveries": (ADMIN, WHOLE),
    "retryWebhookDelivery": (ADMIN, WHOLE),
    "readCron": (VIEWER, ITS_OWN),
    "listActors": (VIEWER, WHOLE),
    "listNodes": (VIEWER, WHOLE),
    "getBackup": (ADMIN, WHOLE),
    "checkDatabase": (ADMIN, WHOLE),
    "prune": (ADMIN, WHOLE),
    "getSession": (VIEWER, ITS_OWN),
    "getOverview": (VIEWER, ITS_OWN),
    "listScheduleSummaries": (VIEWER, ITS_OWN),
    "listRunning": (VIEWER, ITS_OWN),
    "getTimeline": (VIEWER, ITS_OWN),
    "listTokens": (ADMIN, WHOLE),
    "createToken": (ADMIN, WHOLE),
    "revokeToken": (ADMIN, WHOLE),
    "listAudit": (ADMIN, WHOLE),
    "getMetrics": (VIEWER, WHOLE),
    "getDescription": (VIEWER, ITS_OWN),
    "getHealth": (ANYBODY, ITS_OWN),
    "getReadiness": (ANYBODY, ITS_OWN),
    "connect": (ANYBODY, ITS_OWN),
    "getDashboard": (ANYBODY, ITS_OWN),
    "getDashboardFile": (ANYBODY, NOT_THERE),
    "getDashboardModule": (ANYBODY, NOT_THERE),
}
BY_ITSELF = {"connect"}
"""Who may do what there is decided frame by frame; see `test_live.py`."""
CALLS_BY_NAME = {call.name: call for call in all_calls()}
ANSWERS = {WHOLE: 403, NOT_THERE: 404, ITS_OWN: 422}


class House:
    """A server with something of each kind, and somebody of each kind who calls it."""

    def __init__(self, client: RestClient) -> None:
        self.client = client
        self._values = one_of_each(client)
        admin = self._made(client, role=ADMIN)
        self.callers = {role: self._made(admin, role=role) for role in (VIEWER, OPERATOR)}
        self.callers[ADMIN] = admin
        self.limited = self._made(admin, role=ADMIN, workflows=["gated"])

    def status(self, name: str, caller: RestClient) -> int:
        """With which a call is answered."""
        call = CALLS_BY_NAME[name]
        path = address(call, self._values)
        headers = {"Content-Type": "application/json"}
        return caller.send(call.method, f"{path}?nonsense=1", b"{}", headers).status

    def _made(self, client: RestClient, **body: object) -> Bearer:
        answer = client.post("/api/tokens", {"name": "n", **body})
        assert answer.status == 201, answer.raw
        return Bearer(client.url, answer.body["token"])


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    echo, gated = Workflow("echo"), Workflow("gated")

    @echo.step
    def say() -> str:
        return "hello"

    @gated.step
    def hold() -> None:
        return None

    with Site([echo, gated]) as site:
        yield House(site.client)


def test_the_table_has_every_call_and_no_other() -> None:
    assert TABLE.keys() == CALLS_BY_NAME.keys()


def test_the_router_knows_nothing_but_calls(site: Site) -> None:
    for route in site.app.router.routes():
        assert route.handler in site.app[CALLS], route


@pytest.mark.parametrize("name", sorted(TABLE.keys() - BY_ITSELF))
def test_only_the_role_that_is_enough_may_make_the_call(house: House, name: str) -> None:
    role, limited = TABLE[name]
    if role == ANYBODY:
        assert house.status(name, house.client) == 422
        return
    found = {each: house.status(name, house.callers[each]) for each in RANKS}

    assert found == {each: 422 if RANKS.index(each) >= RANKS.index(role) else 403 for each in RANKS}
    assert house.status(name, house.client) == 401, "without a token"
    assert house.status(name, house.limited) == ANSWERS[limited], "of another workflow"
