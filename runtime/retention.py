"""How long history is kept, as settings and calls say it."""

from datetime import datetime, timedelta
from typing import Final

from quarterjack.actors.janitor import SETTLED
from quarterjack.storage import InvalidInput
from quarterjack.storage.pruning import Keep

SHORTEST_AGE: Final = timedelta(hours=1)
"""What is younger is needed to know which due instants were decided."""


def keep_of(
    older_than: timedelta | None, now: datetime, *, keep: int, max_per_workflow: int | None
) -> Keep:
    """What a call of `prune` lets go. Raises `InvalidInput`."""
    if older_than is None and max_per_workflow is None:
        raise InvalidInput.field("olderThan", msg="say what may go: by age, or by maxPerWorkflow")
    if older_than is not None and older_than < SHORTEST_AGE:
        raise InvalidInput.field("olderThan", msg="is at least 1h")
    if max_per_workflow is not None and max_per_workflow < max(1, keep):
        raise InvalidInput.field("maxPerWorkflow", msg="is at least 1, and not below keep")
    before = None if older_than is None else now - older_than
    return Keep(before, keep, max_per_workflow, now - SETTLED)
