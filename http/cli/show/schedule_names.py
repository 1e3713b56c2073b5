"""How the schedules of some executions are called; one that is deleted has no name any more."""

from collections.abc import Iterable
from typing import Final

from quarterjack.storage import ScheduleId
from quarterjack.storage.queries import PageRequest
from quarterjack.storage.schedule_summaries import SummaryFilter

from ...client import Client

_MOST: Final = 200
"""Ids that an address has room for."""


def names_of(client: Client, keys: Iterable[str | None]) -> dict[str, str]:
    """The names by their ids, of the first so many."""
    asked = list(dict.fromkeys(ScheduleId(key) for key in keys if key is not None))[:_MOST]
    if not asked:
        return {}
    page = client.list_schedule_summaries(SummaryFilter(ids=asked), PageRequest(_MOST)).get()
    return {each.schedule_id: each.name for each in page.items}
