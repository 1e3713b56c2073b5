"""What `H` in a cron expression stands for: a value that a seed chooses, the same for ever. Pure.

Schedules that say `H` instead of a number are spread evenly; each keeps its place across restarts,
versions and machines, because it is a SHA-256 of the seed (a schedule's id) and the field's name.
"""

import hashlib


def hashed_value(seed: str, field: str, low: int, high: int) -> int:
    """One value in low–high.

    >>> hashed_value("sch_1", "minute", 0, 59)
    5
    """
    digest = hashlib.sha256(f"{field}:{seed}".encode()).digest()
    return low + int.from_bytes(digest[:8], "big") % (high - low + 1)


def hashed_range(seed: str, field: str, low: int, high: int, step: int) -> str:
    """Every `step` in low–high, beginning at one of the first `step` values; as a range with a step.

    >>> hashed_range("sch_1", "minute", 0, 59, 15)
    '5-59/15'
    """
    first = hashed_value(seed, field, low, min(low + step - 1, high))
    return f"{first}-{high}/{step}"
