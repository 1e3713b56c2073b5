"""What a user may say of a webhook when making or changing it. A change is partial: absent fields stay."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from yarl import URL

from quarterjack.storage import TOPICS
from quarterjack.storage.webhook_records import SecretSource
from quarterjack.storage.wire_model import WireModel

from .builtin.http_params import checked_address
from .webhook_secrets import key_of

_ENV_NAME: Final = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,199}$", re.ASCII)
_LONGEST_PATH: Final = 1_000


def _url(text: str) -> str:
    checked_address(text)
    if URL(text).raw_fragment:
        raise ValueError("leave out what stands after #; it is not sent")
    return text


def _topic(text: str) -> str:
    if text not in TOPICS:
        raise ValueError(f"there is no topic {text!r:.60}; write workflow:failed, schedule:* or *")
    return text


def _secret(given: object) -> object:
    """Where the secret is; what is wrong is told without it."""
    if given is None or isinstance(given, SecretSource):
        return given
    if isinstance(given, str):
        key_of(given)
        return SecretSource("stored", given)
    if isinstance(given, Mapping) and len(given) == 1:
        ((kind, value),) = given.items()
        if kind == "env" and isinstance(value, str) and _ENV_NAME.fullmatch(value):
            return SecretSource("env", value)
        if kind == "file" and isinstance(value, str) and 0 < len(value) <= _LONGEST_PATH:
            if "\0" in value:
                raise ValueError("a path has no NUL in it")
            return SecretSource("file", value)
    raise ValueError(
        'write "whsec_…", {"env": "NAME"} or {"file": "PATH"}, or leave it out and get a new one'
    )


def _reference(kind: str, pattern: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {kind: {"type": "string", "pattern": pattern}},
        "required": [kind],
        "additionalProperties": False,
    }


Address = Annotated[
    str,
    Field(max_length=2_000),
    AfterValidator(_url),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": 2_000,
            "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^ #]+$",
        }
    ),
]
Text = Annotated[str, Field(max_length=1_000)]
Topics = Annotated[
    tuple[
        Annotated[
            str,
            AfterValidator(_topic),
            WithJsonSchema({"type": "string", "enum": sorted(TOPICS)}),
        ],
        ...,
    ],
    Field(min_length=1, max_length=50),
]
WorkflowIds = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=100)], ...], Field(max_length=100)
]
ScheduleKey = Annotated[str, Field(min_length=1, max_length=64)]
Switch = Annotated[bool, Field(strict=True)]
Secret = Annotated[
    SecretSource | None,
    BeforeValidator(_secret),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^whsec_[A-Za-z0-9+/]{30,88}={0,2}$"},
                _reference("env", _ENV_NAME.pattern),
                _reference("file", r"^[^\x00]{1,1000}$"),
                {"type": "null"},
            ],
            "description": "The secret, or the name of where it is looked up; null: a new one.",
        },
        mode="validation",
    ),
]


class WebhookDraft(WireModel):
    """A webhook to be made. Without a secret, one is made for it."""

    url: Address
    topics: Topics
    description: Text = ""
    workflow_ids: WorkflowIds = ()
    schedule_id: ScheduleKey | None = None
    enabled: Switch = True
    secret: Secret = None


class WebhookChanges(WireModel):
    """What is to be changed; what is absent stays. A `secret` of null has a new one made."""

    url: Address = ""
    topics: Topics = ()
    description: Text = ""
    workflow_ids: WorkflowIds = ()
    schedule_id: ScheduleKey | None = None
    enabled: Switch = True
    secret: Secret = None

    @property
    def fields(self) -> dict[str, Any]:
        """The fields that were given, as a webhook has them; a secret only if it is not to be made."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if given.get("secret", ...) is None:
            del given["secret"]
        return given

    @property
    def wants_new_secret(self) -> bool:
        """Whether a secret is to be made."""
        return "secret" in self.model_fields_set and self.secret is None
