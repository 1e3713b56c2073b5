"""The base of every model that crosses the wire: camelCase names outside, unknown fields refused."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class WireModel(BaseModel):
    """Immutable; read by camelCase alias only; a field it does not know is an error."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        serialize_by_alias=True,
        allow_inf_nan=False,
        defer_build=True,  # built when it is first used: most programs use few
        hide_input_in_errors=True,  # it may be a secret
    )
