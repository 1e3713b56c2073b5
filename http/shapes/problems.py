"""Errors as they are answered (RFC 9457)."""

from .shape import FieldProblem, Shape


class Problem(Shape):
    """`application/problem+json`: `type` is for programs, `detail` for people."""

    type: str
    """`urn:quarterjack:problem:` and a name."""
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    """Of 422: each field that is wrong."""
