"""What server and client say alike: media types, names and limits of what goes over the wire."""

from typing import Final

JSON: Final = "application/json"
ICALENDAR: Final = "text/calendar"
NDJSON: Final = "application/x-ndjson"
IDEMPOTENCY_KEY: Final = "Idempotency-Key"
URN: Final = "urn:quarterjack:problem:"
"""What the types of all problems begin with."""
LARGEST_BODY: Final = 1_048_576
"""Bytes."""
