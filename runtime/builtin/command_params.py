"""What `quarterjack.command` can be told, and the environment that a command gets."""

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from quarterjack.storage.durations import Duration
from quarterjack.storage.instants import format_instant

from ..step_context import StepContext
from .given_params import GivenParams

INHERITED: Final = ("HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER")
"""Besides `LC_…`. Nothing else of the server's environment, which may hold secrets, is passed on."""
OURS: Final = (
    "QUARTERJACK_EXECUTION_ID",
    "QUARTERJACK_SCHEDULE_ID",
    "QUARTERJACK_SCHEDULED_TIME",
    "QUARTERJACK_IDEMPOTENCY_KEY",
)
MOST_OUTPUT: Final = 150_000
"""Both streams of it, and three bytes for each that is no UTF-8, still fit into a result."""


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL character can't be passed to a command")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]


class CommandParams(GivenParams):
    """`argv` runs a program; `shell` is a line for `/bin/sh -c`, taken as it stands."""

    argv: list[Text] | None = Field(default=None, min_length=1)
    shell: Text | None = Field(default=None, min_length=1)
    cwd: Text | None = Field(default=None, min_length=1)
    env: dict[str, Text] = Field(default_factory=dict)
    timeout: Duration = timedelta(hours=1)
    input: str | None = None
    expect: list[int] = Field(default=[0], min_length=1)
    max_output: int = Field(default=65_536, ge=1, le=MOST_OUTPUT)

    @field_validator("timeout")
    @classmethod
    def _takes_time(cls, timeout: timedelta) -> timedelta:
        if not timeout:
            raise ValueError("it must be longer than 0")
        return timeout

    @field_validator("expect")
    @classmethod
    def _can_be_exit_codes(cls, expect: list[int]) -> list[int]:
        if any(not 0 <= code <= 255 for code in expect):
            raise ValueError("exit codes are 0 to 255")
        return expect

    @field_validator("env")
    @classmethod
    def _can_be_names(cls, env: dict[str, str]) -> dict[str, str]:
        for name in env:
            if not name or "=" in name or "\0" in name:
                raise ValueError(f"{name!r} can't be the name of an environment variable")
            if name in OURS:
                raise ValueError(f"{name} is set by the server; choose another name")
        return env

    @field_validator("argv")
    @classmethod
    def _names_a_program(cls, argv: list[str] | None) -> list[str] | None:
        if argv and not argv[0]:
            raise ValueError("its first item is the program, which can't be empty")
        return argv

    @model_validator(mode="after")
    def _is_one_command(self) -> Self:
        if (self.argv is None) == (self.shell is None):
            raise ValueError("give exactly one of argv (a list of text) and shell (a line)")
        return self

    @property
    def command(self) -> list[str]:
        """What is executed."""
        return self.argv if self.argv is not None else ["/bin/sh", "-c", self.shell or ""]


def environment_of(
    params: CommandParams, ctx: StepContext, server: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The whole environment of a command."""
    inherited = {
        name: value for name, value in server.items() if name in INHERITED or name.startswith("LC_")
    }
    about = (
        ctx.execution_id,
        ctx.schedule_id,
        format_instant(ctx.scheduled_time),
        ctx.idempotency_key,
    )
    told = {name: value for name, value in zip(OURS, about, strict=True) if value is not None}
    return {"PATH": os.defpath, **inherited, **params.env, **told}
