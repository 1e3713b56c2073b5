"""Steps that do with their secrets what they should not; worker processes import this by its name."""

import logging
import os
import sys
from typing import Any

from quarterjack.runtime import Retry, Secret, StepContext, Workflow

PLAIN = "correct horse battery"
"""The value that tests give, or put where a reference leads."""

leaky = Workflow("leaky", description="Tells its secret to everybody who listens.")


@leaky.step
def leak(password: Secret, ctx: StepContext, region: str = "eu") -> dict[str, Any]:
    text = password.reveal()
    print("stdout", text, password)
    print("stderr", text, file=sys.stderr)
    sys.stdout.write("in pieces: " + text[:5])
    sys.stdout.write(text[5:] + "\n")
    ctx.logger.info("as %s", text)
    try:
        raise LookupError(text)
    except LookupError:
        logging.getLogger("elsewhere").exception("raised %s", text)
    ctx.progress(1, 2, f"at {text}")
    ctx.emit("leaked", {"it": [text, region]}, key=text)
    return {"text": text, text: len(text), "params": str(ctx.params["password"])}


@leaky.step
def fail(leak: dict[str, Any], password: Secret) -> None:
    assert leak["text"] == "***"
    raise ValueError(f"no access with {password.reveal()}") from KeyError(password.reveal())


careful = Workflow("careful", secrets=("password", "unused"))


@careful.step
def use(password: Secret, ctx: StepContext) -> list[Any]:
    return [len(password.reveal()), f"{password}", str(ctx.params), os.environ.get(VARIABLE)]


@careful.step
def beside(ctx: StepContext, unused: Secret | None = None) -> list[str]:
    return [repr(dict(ctx.params)), repr(unused)]


VARIABLE = "QUARTERJACK_SECRET_TEST"

retried = Workflow("retried")


@retried.step(retry=Retry(attempts=3, backoff="10ms"))
def third(password: Secret, ctx: StepContext) -> int:
    if ctx.attempt < 3:
        raise ValueError(f"attempt {ctx.attempt} with {password.reveal()}")
    return len(password.reveal())


parent = Workflow("parent")
parent.subworkflow(careful, params={"password": "mail_password"})

mapped = Workflow("mapped")


def is_right(password: Secret) -> bool:
    return PLAIN in password.reveal()


@mapped.step(map={"item": "items"}, when=is_right)
def each(item: int, password: Secret) -> str:
    return f"{item} {len(password.reveal())}"


ALL = (leaky, careful, retried, parent, mapped)
