"""Support for tests: a whole runtime on a virtual clock, where a year of schedules takes moments."""

from quarterjack.actors.engine import VirtualClock

from .virtual_runtime import VirtualRuntime

__all__ = ["VirtualClock", "VirtualRuntime"]
