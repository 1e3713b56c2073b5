"""The checker's quick way to a cron's runs gives what the slow one gives, minute by minute."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cron_model import Job, runs

from tests.simulation.plans import CRONS
from tests.simulation.rules import runs_in_order

BEGIN = datetime(2026, 5, 3, tzinfo=UTC)
END = BEGIN + timedelta(days=3)


@pytest.mark.parametrize("expression", [*CRONS, "0 12 L * *", "15,45 */7 * 5 sun", "0 0 1-7 * 2"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
def test_both_ways_agree(expression: str, zone: str) -> None:
    where = ZoneInfo(zone)
    offset = BEGIN.astimezone(where).utcoffset()
    assert offset is not None
    quickly = list(runs_in_order(Job(expression), offset, BEGIN, END))
    assert quickly == list(runs(Job(expression), where, BEGIN, END))
