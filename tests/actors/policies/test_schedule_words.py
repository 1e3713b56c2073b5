"""The rule of a schedule in plain English."""

from typing import Any

import pytest

from quarterjack.actors.policies.schedule_words import in_words
from quarterjack.storage import ScheduleConfig, ScheduleId

AT = {"at": "2026-01-31T06:00:00Z"}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"cron": "0 3 * * *"}, "At 03:00 every day"),
        ({"cron": ["0 3 * * *", "@hourly"]}, "At 03:00 every day; At minute 0 of every hour"),
        ({"interval": "1m"}, "Every minute"),
        ({"interval": "2d"}, "Every 2 days"),
        ({"interval": "90m"}, "Every 1 hour and 30 minutes"),
        ({"interval": "1d 2h 3s"}, "Every 1 day, 2 hours and 3 seconds"),
        ({"interval": 1.5}, "Every 1.5 seconds"),
        (AT, "Once, on 2026-01-31 at 06:00:00"),
        ({**AT, "timezone": "Asia/Tokyo"}, "Once, on 2026-01-31 at 15:00:00"),
        ({**AT, "timezone": "Mars/Olympus"}, "Once, at 2026-01-31T06:00:00.000000Z"),
        ({"cron": "no cron at all"}, "no cron at all"),
        ({"event": "uploaded"}, "When the event uploaded comes"),
        ({"manual": True}, "Only when it is triggered"),
    ],
)
def test_a_rule_is_said_in_words(config: dict[str, Any], words: str) -> None:
    assert in_words(ScheduleConfig.model_validate(config), ScheduleId("sch_1")) == words
