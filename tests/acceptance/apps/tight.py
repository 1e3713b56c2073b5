"""The workflow `mixed` in a server that lets 40 changes wait for the database, instead of 10,000."""

from loads import mixed

from quarterjack.actors import state

state.MOST_WAITING = 40

__all__ = ["mixed"]
