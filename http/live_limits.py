"""What one client of the WebSocket may cost, and all of them together. Data only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """The server's limits; times are in seconds, rates in frames a second."""

    connections: int = 10_000
    """Open at once; further ones are answered 503."""
    subscriptions: int = 100
    """Of one connection."""
    heartbeat: float = 18.0
    """After so much silence a client is pinged; it is gone when it is silent for half as long again:
    within 30 seconds (each time can be up to a second longer)."""
    events: int = 2_000
    """Events that may wait for one client."""
    event_bytes: int = 1_048_576
    """What they may take, encoded; a single larger one is let through when nothing waits."""
    answers: int = 500
    """Answers that may wait for one client; while they do, nothing is read from it."""
    rate: float = 100.0
    burst: int = 500
    """Frames with an `op`; those above are refused."""
    hard_rate: float = 1_000.0
    hard_burst: int = 5_000
    """Frames of any kind, fragments, pings and pongs too; above, the connection is closed."""
    auth_seconds: float = 10.0
    """Within which a client that needs a token must have sent it."""
    recheck: float = 2.0
    """How often it is looked whether tokens still hold."""
    close_seconds: float = 2.0
    """Within which a client must answer a close; then it is cut off."""
    send_buffer: int = 131_072
    """Bytes that the system may hold for one client."""
