"""Where steps run: `process` (warm workers), `thread`, `async` (coroutines on a loop of their own) and
`inline` (tests)."""

from .coroutine import CoroutineRunner
from .inline import InlineRunner
from .process import ProcessRunner
from .thread import ThreadRunner

__all__ = ["CoroutineRunner", "InlineRunner", "ProcessRunner", "ThreadRunner"]
