"""A logarithmic histogram of durations: each bucket is a tenth wider than the one before it.

So what is read from it is within 5 % of what was put in, from microseconds to years, in few rows.
"""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

_GROWTH: Final = 1.1
_WIDTH: Final = math.log(_GROWTH)
_ERROR: Final = (_GROWTH - 1) / (_GROWTH + 1)


def bucket_of(micros: int) -> int:
    """The bucket of a duration in microseconds; 0 is for what took no time.

    >>> bucket_of(0), bucket_of(1), bucket_of(2_000_000)
    (0, 1, 153)
    """
    return 0 if micros < 1 else 1 + math.floor(math.log(micros) / _WIDTH)


def duration_of(bucket: int) -> timedelta:
    """What stands for all durations of a bucket: none of them differs from it by more than 4.8 %.

    >>> round(duration_of(bucket_of(2_000_000)).total_seconds(), 2)
    2.05
    """
    if bucket < 1:
        return timedelta(0)
    return timedelta(microseconds=_GROWTH ** (bucket - 1) * (1 + _ERROR))


def percentile(histogram: Sequence[tuple[int, int]], share: float) -> timedelta | None:
    """The duration that this share (0–1) of them did not exceed; None: there are none.

    The histogram is (bucket, count), in the order of the buckets.

    >>> percentile([(0, 3), (1, 1)], 0.75), percentile([], 0.5)
    (datetime.timedelta(0), None)
    """
    total = sum(count for _, count in histogram)
    rank, seen = max(1, math.ceil(share * total)), 0
    for bucket, count in histogram:
        seen += count
        if seen >= rank:
            return duration_of(bucket)
    return None
