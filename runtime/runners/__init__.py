"""Where steps run: `thread`, `async` (coroutines on a loop of their own) and `inline` (tests)."""

from .coroutine import CoroutineRunner
from .inline import InlineRunner
from .thread import ThreadRunner

__all__ = ["CoroutineRunner", "InlineRunner", "ThreadRunner"]
