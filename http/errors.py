"""What can be wrong with a request as such; `problems.py` says how each is answered."""

from quarterjack.storage import QuarterjackError


class RequestError(QuarterjackError):
    """The request can't be taken as it is."""


class NotJson(RequestError):
    """The body or frame is not JSON."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"That is not JSON: {reason}.")


class WrongMediaType(RequestError):
    """The body is of a kind, charset or encoding that is not taken."""


class NotNdjson(WrongMediaType):
    """The body is not newline-delimited JSON."""


class BodyTooLarge(RequestError):
    """The body is over the limit."""

    def __init__(self, limit: int, unit: str = "bytes") -> None:
        super().__init__(f"A body has at most {limit:,} {unit} here; send less, or in parts.")


class TooManyImports(RequestError):
    """As many imports run as may run at once."""


class TooManyConnections(RequestError):
    """As many WebSockets are open as may be."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"There are {limit:,} WebSockets already; try again later.")


class TooSlow(RequestError):
    """The body did not arrive in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The body did not arrive within {seconds:g} seconds; send it again.")


class NotHttp(RequestError):
    """The head of the request is not HTTP as it is written down."""


class NotFramed(RequestError):
    """The body breaks off, or is wrongly framed."""


class HeadTooLarge(RequestError):
    """The request line or the headers are over the limit."""

    def __init__(self) -> None:
        super().__init__(
            "A line of a request's head has at most 8,190 bytes, and all of it 128 headers and 64 KiB."
        )


class HeadTooSlow(RequestError):
    """The head of the request did not arrive in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The request's headers did not arrive within {seconds:g} seconds.")


class AllConnectionsBusy(RequestError):
    """As many connections are open as may be, and all of them are busy."""


class UnknownExpectation(RequestError):
    """The request expects something else than 100-continue."""


class WrongTarget(RequestError):
    """The request line is not for this server."""


class WrongHost(RequestError):
    """The request names a host that this server does not answer for."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"This server does not answer for the host {host[:100]!r}; "
            "use 127.0.0.1 or localhost, or start it with --allow-host."
        )


class Unauthenticated(RequestError):
    """The call needs a token, and there is none, or none that is valid."""


class TooManyFailures(RequestError):
    """An address has sent too many bad tokens."""

    def __init__(self, seconds: int) -> None:
        self.headers = {"Retry-After": str(seconds)}
        super().__init__(f"Too many bad tokens came from this address; wait {seconds} seconds.")


class NotPermitted(RequestError):
    """The token's role, or what it is limited to, is not enough."""


class Forbidden(RequestError):
    """The request comes from a page of another origin."""


class UpgradeRequired(RequestError):
    """This address speaks WebSocket only."""


class NoAnswerInTime(QuarterjackError):
    """The answer took too long; whether the change was made is not known, so look before repeating."""


class Draining(QuarterjackError):
    """The server is ending; ask again when it is back."""


class BadOption(QuarterjackError):
    """The server can't start with these options; the message says which and why."""
