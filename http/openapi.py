"""The description of the interface (OpenAPI 3.1), made from the calls and the shapes that they name."""

import importlib.metadata
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from quarterjack.storage import (
    AlreadyExists,
    IdempotencyConflict,
    InvalidInput,
    StorageUnavailable,
    VersionConflict,
)

from .call import Call
from .errors import (
    BodyTooLarge,
    Draining,
    Forbidden,
    HeadTooLarge,
    NoAnswerInTime,
    NotJson,
    NotPermitted,
    TooManyFailures,
    TooSlow,
    Unauthenticated,
    WrongHost,
    WrongMediaType,
    WrongTarget,
)
from .openapi_examples import EXAMPLES
from .problems import KINDS, MEDIA_TYPE, Kind
from .protocol import IDEMPOTENCY_KEY, JSON, URN
from .shapes.problems import Problem

Json = dict[str, Any]
VERSION: Final = "3.1.1"
_REF: Final = "#/components/schemas/{model}"
_ALWAYS: Final = (WrongTarget, Forbidden, WrongHost, InvalidInput, NoAnswerInTime, HeadTooLarge)
_WITH_BODY: Final = (NotJson, TooSlow, BodyTooLarge, WrongMediaType)
_WITH_TOKEN: Final = (Unauthenticated, NotPermitted, TooManyFailures)
_CHANGING: Final = (StorageUnavailable, Draining)
_PATH_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_TAGS: Final = {
    "schedules": "Scheduled workflows: their rules, what became of them, and what will.",
    "executions": "Every run, with its steps, attempts, results and logs.",
    "statistics": "How things went, by hour and by day (UTC).",
    "workflows": "The definitions that the server has.",
    "backfills": "Executions of due instants that had none.",
    "calendars": "Days on which schedules don't fire.",
    "events": "What happened, and events from outside.",
    "tokens": "Who may do what, and who did.",
    "webhooks": "Who is told of which events, and what became of each telling.",
    "cron": "For those who are writing an expression.",
    "server": "How the server is.",
}
_PLACES: Final = {
    "previews": "schedules",
    "bulk": "schedules",
    "summaries": "schedules",
    "timeline": "schedules",
    "running": "executions",
    "counts": "statistics",
}
"""Where the calls of a module belong, if that has another name."""


def describe(calls: Sequence[Call], prefix: str = "", *, needs_token: bool = True) -> Json:
    """The document; `prefix` is the path under which a proxy shows the server.

    `needs_token` says whether there are tokens: then every call with a role needs one.
    """
    schemas, refs = _schemas(calls)
    paths: dict[str, Json] = {}
    responses: Json = {}
    for call in calls:
        operation = _Operation(call, schemas, refs, responses, needs_token=needs_token)
        paths.setdefault(call.path, {})[call.method.lower()] = operation.described()
    for shape in {call.query.__name__ for call in calls}:
        schemas.pop(shape, None)  # they were written out as parameters
    return {
        "openapi": VERSION,
        "info": {
            "title": "Quarterjack",
            "version": importlib.metadata.version("quarterjack"),
            "description": "Dependable cron and multi-step workflows in one process.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": prefix or "/"}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Not needed while no token was made.",
                }
            },
        },
    }


class _Operation:
    """One call, described."""

    def __init__(
        self,
        call: Call,
        schemas: Json,
        refs: Mapping[Any, Json],
        responses: Json,
        *,
        needs_token: bool,
    ) -> None:
        self._call = call
        self._schemas = schemas
        self._refs = refs
        self._security = [{"token": list[str]()}] if needs_token and call.role else []
        self._responses = responses
        """Those that several calls have; filled here."""

    def described(self) -> Json:
        call = self._call
        found: Json = {
            "operationId": call.name,
            "summary": call.summary,
            "tags": [_tag(call)],
            "parameters": [*self._path_parameters(), *self._query_parameters(), *self._headers()],
            "responses": {**self._answers(), **self._problems()},
            "security": self._security,
        }
        if call.role is not None:
            limited = (
                "" if call.is_scoped else " Not for tokens that are limited to some workflows."
            )
            found["description"] = (
                f"With tokens: for the role {call.role.value} and above.{limited}"
            )
        if call.intake.media:
            found["requestBody"] = self._body()
        return found

    def _path_parameters(self) -> Iterable[Json]:
        for name in _PATH_PARAMETER.findall(self._call.path):
            pattern, example = _PATH_VALUES[name]
            yield {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "pattern": pattern},
                "example": example,
            }

    def _query_parameters(self) -> Iterable[Json]:
        shape = self._schemas[self._call.query.__name__]
        required = shape.get("required", ())
        for name, schema in shape.get("properties", {}).items():
            yield {
                "name": name,
                "in": "query",
                "required": name in required,
                "schema": _without_null(schema),
            }

    def _headers(self) -> Iterable[Json]:
        if VersionConflict in self._call.errors:
            yield _header(
                "If-Match", "Make the change only to that version.", '"4"', r'^("[0-9]{1,9}")?$'
            )
        if self._call.takes_key:
            yield _header(
                IDEMPOTENCY_KEY,
                "Made up by the client: a repetition with it is answered alike and done once.",
                "3f0e8a54",
                r"^[!-~]{1,200}$",
            )

    def _body(self) -> Json:
        intake = self._call.intake
        content: Json = {}
        for media, shape in intake.media.items():
            if shape is None:
                content[media] = {"schema": {"type": "string", "pattern": "^BEGIN:VCALENDAR"}}
            elif media == JSON:
                content[media] = {"schema": self._input(shape, intake.optional)}
            else:  # the form has no word for lines
                content[media] = {"schema": {"description": f"A {shape.__name__} on each line."}}
        return {"required": intake.is_required, "content": content}

    def _input(self, shape: type[BaseModel], optional: Collection[str]) -> Json:
        ref = self._refs[shape, "validation"]
        if not optional:
            return ref
        whole = self._schemas[ref["$ref"].rpartition("/")[2]]
        kept = {name: each for name, each in whole.items() if name not in ("title", "examples")}
        return {**kept, "required": [name for name in whole["required"] if name not in optional]}

    def _answers(self) -> Json:
        call = self._call
        found: Json = {}
        for status in (call.status, *call.also):
            answer: Json = {"description": HTTPStatus(status).phrase}
            if headers := self._answer_headers():
                answer["headers"] = headers
            if call.answer is not None:
                ref = self._refs[call.answer, "serialization"]
                answer["content"] = {"application/json": {"schema": ref}}
            elif call.media is not None:
                answer["content"] = {call.media: {"schema": {}}}
            found[str(int(status))] = answer
        return found

    def _answer_headers(self) -> Json:
        headers: Json = {}
        if getattr(self._call.answer, "has_version", False):
            headers["ETag"] = _answer_header('The version, for `If-Match`, such as `"4"`.')
        if self._call.status == HTTPStatus.CREATED:
            headers["Location"] = _answer_header("Its address.")
        return headers

    def _problems(self) -> Json:
        call = self._call
        errors = {*_ALWAYS, *call.errors}
        if call.intake.media:
            errors |= {*_WITH_BODY}
        if call.method != "GET":
            errors |= {*_CHANGING}
        if call.role is not None:
            errors |= {*_WITH_TOKEN}
        if call.takes_key:
            errors |= {AlreadyExists, IdempotencyConflict}
        by_status: dict[int, list[Kind]] = {}
        for error in sorted(errors, key=lambda each: each.__name__):
            by_status.setdefault(KINDS[error].status, []).append(KINDS[error])
        return {str(status): self._problem(kinds) for status, kinds in sorted(by_status.items())}

    def _problem(self, kinds: Sequence[Kind]) -> Json:
        names = "_or_".join(dict.fromkeys(kind.name for kind in kinds))
        self._responses.setdefault(names, _problem(kinds))
        return {"$ref": f"#/components/responses/{names}"}


_PATH_VALUES: Final = {
    "schedule_id": (r"^[A-Za-z0-9_-]{1,64}$", "sch_4k2m8n1p0q7r5s3t6v9w"),
    "execution_id": (r"^[A-Za-z0-9_-]{1,64}$", "exe_4k2m8n1p0q7r5s3t6v9w"),
    "backfill_id": (r"^[A-Za-z0-9_-]{1,64}$", "bkf_4k2m8n1p0q7r5s3t6v9w"),
    "webhook_id": (r"^[A-Za-z0-9_-]{1,64}$", "whk_4k2m8n1p0q7r5s3t6v9w"),
    "seq": (r"^-?[0-9]{1,18}$", "1042"),
    "workflow_id": (r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$", "daily-report"),
    "token_id": (r"^[A-Za-z0-9_-]{1,64}$", "tok_4k2m8n1p0q7r5s3t6v9w"),
    "name": (r"^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}$", "bank-holidays"),
    "event": (r"^[^\x00-\x1f\x7f-\x9f]{1,200}$", "order-paid"),
    "folder": (r"^[a-z]{1,40}$", "pages"),
    "file": (r"^[a-z_]{1,40}\.[a-z]{2,5}$", "app.js"),
    "step": (r"^[A-Za-z_][A-Za-z0-9_]{0,99}(\[[0-9]{1,6}\])?$", "extract"),
}
"""Parameter of a path → what it looks like, and an example."""


def _schemas(calls: Iterable[Call]) -> tuple[Json, dict[Any, Json]]:
    """Every shape as a component, and where each is found."""
    wanted: dict[Any, None] = {(Problem, "serialization"): None}
    for call in calls:
        wanted[call.query, "validation"] = None
        if call.answer is not None:
            wanted[call.answer, "serialization"] = None
        for shape in call.intake.media.values():
            if shape is not None:
                wanted[shape, "validation"] = None
    refs, found = models_json_schema(list(wanted), ref_template=_REF)
    schemas: Json = found["$defs"]
    for name, examples in EXAMPLES.items():
        schemas[name]["examples"] = examples
    return schemas, dict(refs)


def _tag(call: Call) -> str:
    place = call.handler.__module__.rpartition(".")[2]
    return _PLACES.get(place, place if place in _TAGS else "server")


def _without_null(schema: Json) -> Json:
    """A parameter that is not given is null inside; nobody writes it."""
    found = {name: value for name, value in schema.items() if name not in ("title", "default")}
    if schema.get("default") is not None:
        found["default"] = schema["default"]
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(options) == 1:
        del found["anyOf"]
        found |= options[0]
    return found


def _header(name: str, description: str, example: str, pattern: str) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", "pattern": pattern},
        "example": example,
    }


def _answer_header(description: str) -> Json:
    return {"description": description, "required": True, "schema": {"type": "string"}}


def _problem(kinds: Sequence[Kind]) -> Json:
    examples = {kind.name: {"value": _example(kind)} for kind in kinds}
    titles = "; ".join(dict.fromkeys(kind.title for kind in kinds))
    found: Json = {
        "description": titles,
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}, "examples": examples}
        },
    }
    if any("Retry-After" in kind.headers for kind in kinds):
        wait = {"type": "integer", "minimum": 0}
        found["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": wait}}
    return found


def _example(kind: Kind) -> Json:
    found: Json = {
        "type": URN + kind.name,
        "title": kind.title,
        "status": kind.status,
        "detail": "What it is about, and what to do.",
    }
    if kind.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        found["errors"] = [{"loc": ["scheduleConfig", "cron"], "msg": "what is wrong with it"}]
    return found
