"""Workflows as a team may have them; how each run goes depends on its due instant only."""

import time
import zlib
from collections.abc import Callable
from inspect import Parameter, Signature

from quarterjack.runtime import Retry, StepContext, Workflow


def luck(ctx: StepContext) -> int:
    """A number below 1,000 that belongs to this run and step."""
    return zlib.crc32(f"{ctx.step} {ctx.schedule_id} {ctx.scheduled_time}".encode()) % 1_000


def chain(name: str, description: str, *steps: str, unlucky: int = 15) -> Workflow:
    """A workflow whose steps run one after the other and fail `unlucky` times in a thousand."""
    made = Workflow(name, description=description)
    before = ""
    for step in steps:
        made.step(name=step)(_step(before, unlucky))
        before = step
    return made


def _step(before: str, unlucky: int) -> Callable[..., int]:
    def run(ctx: StepContext, **given: int) -> int:
        ctx.logger.info("%s of %s", ctx.step, ctx.scheduled_time)
        if luck(ctx) < unlucky:
            raise ConnectionError(f"{ctx.step}: the other side closed the connection")
        return luck(ctx)

    names = [name for name in (before, "ctx") if name]
    parameters = [Parameter(name, Parameter.KEYWORD_ONLY) for name in names]
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # a parameter is the dependency
    return run


report = Workflow("daily-report", description="Totals yesterday's sales and mails a page.")


@report.step(retry=Retry(attempts=3, backoff="2s"))
def extract(ctx: StepContext, region: str = "eu") -> list[int]:
    ctx.logger.info("reading sales of %s", region)
    return [luck(ctx), 2, 3]


@report.step
def check(extract: list[int]) -> int:
    return len(extract)


@report.step
def totals(extract: list[int]) -> int:
    return sum(extract)


@report.step
def forecast(extract: list[int]) -> int:
    return max(extract)


@report.step
def render(check: int, totals: int, forecast: int, ctx: StepContext) -> str:
    if luck(ctx) < 20:
        raise ValueError("the template has no field `margin`")
    return f"{check} rows, {totals} in all"


@report.step(retry=Retry(attempts=2, backoff="1s"))
def mail(render: str) -> str:
    return render


orders = chain("orders-sync", "Brings new orders into the warehouse.", "fetch", "compare", "apply")
backup = chain("database-backup", "A checked copy, kept for 30 days.", "copy", "verify", "rotate")
invoices = chain(
    "invoice-run", "Makes the invoices of the day.", "collect", "print_all", "send", unlucky=30
)
thumbnails = chain(
    "thumbnails", "Makes small pictures of new uploads.", "find", "shrink", unlucky=3
)
probe = chain("shop-probe", "Looks whether the shop answers.", "ask", unlucky=25)
warm = chain("cache-warmup", "Reads what is asked for most.", "read", unlucky=0)
legacy = chain("legacy-export", "Sends a file to a machine that is gone.", "export", unlucky=1_000)

training = Workflow("model-training", description="Learns from last week's clicks.")


@training.step
def load_clicks() -> int:
    return 1_200_000


@training.step
def train(load_clicks: int, ctx: StepContext) -> float:
    """Goes on until it is cancelled, in a real server."""
    if ctx.trigger != "manual":
        return 0.93
    epoch = 0
    while not ctx.cancelled:
        epoch = min(epoch + 1, 34)
        ctx.progress(epoch, 50, f"epoch {epoch}: loss {2 / (epoch + 2):.3f}")
        print(f"epoch {epoch} of 50: loss {2 / (epoch + 2):.3f}")
        time.sleep(0.05 if epoch < 34 else 1)
    return 0.0


@training.step
def publish(train: float) -> float:
    return train
