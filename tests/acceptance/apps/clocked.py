"""Workflows for servers whose clock is set: under libfaketime `time.sleep` fails, so nothing here uses it."""

from traces import opened

from quarterjack.runtime import StepContext, Workflow

tick = Workflow("tick", description="Says for which instant it ran.")


@tick.step
async def tells(ctx: StepContext) -> str:
    return ctx.scheduled_time.isoformat()


patient = Workflow("patient", description="Has 30 seconds until a file is there.")


@patient.step(timeout="30s")
async def waits(gate: str) -> str:
    await opened(gate)
    return "in time"
