"""A workflow that has the server's ticker crash, as a fault in it would."""

from pykka.messages import ProxyCall

from quarterjack.actors.engine import Ref
from quarterjack.actors.ticker import Ticker
from quarterjack.runtime import Workflow

tickers: list[Ref[Ticker]] = []
_begin = Ticker.on_start


def _noted(ticker: Ticker) -> None:
    tickers.append(ticker.ref)
    _begin(ticker)


Ticker.on_start = _noted  # type: ignore[assignment, method-assign]

crash = Workflow("crash")


@crash.step
def ticker() -> None:
    tickers[-1].tell(ProxyCall(attr_path=("a_fault",), args=(), kwargs={}))
