"""The supervisor of schedules: each is a virtual actor, quarantined alone if it keeps crashing."""

from datetime import timedelta
from functools import cached_property

from quarterjack.storage import Event, Failure, ScheduleId
from quarterjack.storage.schedule_changes import QuarantineSchedule

from .cast_member import ROOT
from .engine import ChildSpec, VirtualActors
from .environment import Cast, Environment
from .execution_events import error_data
from .messages import Commit, LookRound
from .schedule import ScheduleActor


class Schedules(VirtualActors):
    """Takes `Deliver` and `DeliverIfAwake` for schedules by their id."""

    def __init__(self, environment: Environment, idle: timedelta) -> None:
        super().__init__(self._spec_of, idle=idle)
        self._environment = environment

    def on_start(self) -> None:
        """After a crash, have those looked for whose actors were about to enqueue them."""
        super().on_start()
        if self.restarted:
            self.cast.run_queue.tell(LookRound())

    @cached_property
    def cast(self) -> Cast:
        """The others."""
        return Cast(self.system, ROOT)

    def quarantined(self, key: str, error: BaseException) -> None:
        """Store and announce that the schedule is in error; it is tried again slowly."""
        failure = Failure(type(error).__name__, str(error))
        event = Event(
            "schedule.error",
            self.clock.now(),
            ScheduleId(key),
            data={"error": error_data(failure)},
        )
        self.cast.state.ask(
            Commit(QuarantineSchedule(ScheduleId(key), failure, [event]), from_cast=True)
        )

    def _spec_of(self, key: str) -> ChildSpec:
        return ChildSpec(
            key, lambda: ScheduleActor(self._environment, ScheduleId(key)), kind="schedule"
        )
