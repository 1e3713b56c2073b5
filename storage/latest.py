"""What is the newest of its kind."""

from datetime import datetime

from .database import Reader
from .selects import tuples
from .tables import EventRow


def newest_event_at(reader: Reader) -> datetime | None:
    """When the event was stored that has the highest number, by the clock as it was; None: there is none."""
    newest = EventRow.select(EventRow.timestamp).order_by(EventRow.seq.desc()).limit(1)
    row = next(tuples(reader, newest), None)
    return None if row is None else row[0]
