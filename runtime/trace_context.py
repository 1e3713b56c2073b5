"""The W3C trace context, as far as it is carried through: the header `traceparent`."""

import re
from typing import Final, NamedTuple

from quarterjack.storage import InvalidInput

HEADER: Final = "traceparent"
_FORM: Final = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
    r"(?P<more>-.{0,256})?",
    re.ASCII,
)


class TraceContext(NamedTuple):
    """A trace, the span in it that is the parent of what comes, and whether it is sampled (bit 0)."""

    trace_id: int
    span_id: int
    flags: int

    @classmethod
    def parse(cls, text: str) -> "TraceContext | None":
        """From a header, also of a later version; None: it is not one, and to be ignored.

        >>> TraceContext.parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").flags
        1
        >>> TraceContext.parse("00-00000000000000000000000000000000-b7ad6b7169203331-01") is None
        True
        """
        found = _FORM.fullmatch(text)
        if found is None or found["version"] == "ff":
            return None
        if found["more"] is not None and found["version"] == "00":
            return None
        context = cls(*(int(found[name], 16) for name in ("trace", "parent", "flags")))
        return context if context.trace_id and context.span_id else None

    def __str__(self) -> str:
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-{self.flags:02x}"


def checked(traceparent: str | None) -> str | None:
    """A caller's trace context, as it is stored. Raises `InvalidInput`."""
    if traceparent is None:
        return None
    found = TraceContext.parse(traceparent)
    if found is None:
        raise InvalidInput.field(HEADER, msg="it is no W3C trace context: 00-TRACE-SPAN-FLAGS")
    return str(found)
