"""The Python client: a server's calls with the names and errors of a runtime, and its events as they happen.

from quarterjack.http import Client
"""

from .client import Client
from .errors import (
    ClientClosed,
    Forbidden,
    NoAnswer,
    NoServer,
    NotAQuarterjackServer,
    Refused,
    ServerBusy,
    ServerUnreachable,
    SubscriptionRefused,
    Unauthorized,
)
from .event_stream import EventStream
from .state_stream import StateStream

__all__ = [
    "Client",
    "ClientClosed",
    "EventStream",
    "Forbidden",
    "NoAnswer",
    "NoServer",
    "NotAQuarterjackServer",
    "Refused",
    "ServerBusy",
    "ServerUnreachable",
    "StateStream",
    "SubscriptionRefused",
    "Unauthorized",
]
