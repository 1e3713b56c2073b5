"""Actors in general: mailboxes, dispatchers, supervision, time. Knows nothing of schedules.

Built on pykka (`Actor`, `ActorRef`, `tell`, `ask`, `proxy`); this adds how actors are run and supervised.
"""

from .actor import Actor, Ping, handles
from .cell import CellState
from .child_spec import ChildSpec, Placement, Restart
from .clock import Clock, SystemClock, Timer, WallJumps, wall_clock
from .dispatcher import LoopDispatcher, SeededDispatcher, ThreadDispatcher
from .errors import EngineError, MailboxFull, NothingLeftToRun, WouldDeadlock
from .loop_lag import LoopLag
from .ref import Ref
from .reply import Reply
from .restart_intensity import Backoff, Intensity
from .supervisor import Strategy, Supervisor
from .system import ActorInfo, ActorSystem
from .tree_watch import Sighting, TreeChanges, TreeWatch
from .virtual_actor import Deliver, DeliverIfAwake, VirtualActors
from .virtual_clock import VirtualClock

__all__ = [
    "Actor",
    "ActorInfo",
    "ActorSystem",
    "Backoff",
    "CellState",
    "ChildSpec",
    "Clock",
    "Deliver",
    "DeliverIfAwake",
    "EngineError",
    "Intensity",
    "LoopDispatcher",
    "LoopLag",
    "MailboxFull",
    "NothingLeftToRun",
    "Ping",
    "Placement",
    "Ref",
    "Reply",
    "Restart",
    "SeededDispatcher",
    "Sighting",
    "Strategy",
    "Supervisor",
    "SystemClock",
    "ThreadDispatcher",
    "Timer",
    "TreeChanges",
    "TreeWatch",
    "VirtualActors",
    "VirtualClock",
    "WallJumps",
    "WouldDeadlock",
    "handles",
    "wall_clock",
]
