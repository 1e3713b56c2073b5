"""What can go wrong with actors as such."""

from quarterjack.storage.errors import QuarterjackError


class EngineError(QuarterjackError):
    """Something is wrong in the actor engine, or in how it is used."""


class WouldDeadlock(EngineError):
    """`get()` on the actors' own loop would wait for itself; did you mean `await`, or `request()`?"""


class ReplyAlreadySet(EngineError):
    """A reply can be given once."""


class UnhandledMessage(EngineError):
    """An actor has no handler for messages of this class; give it one, or send it elsewhere."""


class ActorCrashed(EngineError):
    """The actor crashed before it gave the answer; whether it did what was asked is to be looked up."""


class MailboxFull(EngineError):
    """The actor has too much to do; send it again later."""


class RestartIntensityReached(EngineError):
    """Children were restarted more often than the supervisor allows, so it gives up itself."""


class ChildSpecError(EngineError):
    """The parts of a child specification contradict each other."""


class NothingLeftToRun(EngineError):
    """Every mailbox and every timer is empty, so the reply can never come."""
