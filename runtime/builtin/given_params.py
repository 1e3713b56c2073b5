"""The parameters of a built-in workflow as a model: the same check at creation and when the step runs.

Null means: not given.
"""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from quarterjack.actors.secret import Secret
from quarterjack.storage import FieldError, InvalidInput


class GivenParams(BaseModel):
    """Immutable and strict: text is text, a number is a number."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,
    )

    @classmethod
    def read(cls, **given: Any) -> Self:
        """The parameters. Raises `InvalidInput` with a sentence for each wrong one."""
        try:
            return cls.model_validate(_present(given))
        except ValidationError as error:
            raise InvalidInput(
                [FieldError((name,), msg) for name, msg in cls._sentences(error)]
            ) from None

    @classmethod
    def wrong_in(cls, given: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What is wrong with parameters, as pairs of name and sentence."""
        try:
            cls.model_validate(_present(given))
        except ValidationError as error:
            return cls._sentences(error)
        return []

    @classmethod
    def _sentences(cls, error: ValidationError) -> list[tuple[str, str]]:
        first = next(iter(cls.model_fields))
        found = []
        for each in error.errors():
            name, *inner = each["loc"] or (first,)
            place = f"{'.'.join(map(str, inner))}: " if inner else ""
            sentence = "is required" if each["type"] == "missing" else each["msg"]
            found.append((str(name), place + sentence.removeprefix("Value error, ")))
        return found


def revealed(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A map with the text of the secrets in it."""
    if given is None:
        return None
    return {name: v.reveal() if isinstance(v, Secret) else v for name, v in given.items()}


def _present(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}
