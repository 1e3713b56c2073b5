"""How schedules are called, and how many steps workflows have: asked of the server once each, when needed."""

from collections.abc import Iterable

from quarterjack.storage import NotFound, QuarterjackError

from ...client import Client


class KnownNames:
    """`learn` on the thread that may wait for the server; the rest from any."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._schedules: dict[str, str] = {}
        self._steps: dict[str, int] = {}

    def of(self, schedule_id: str | None, workflow_id: str | None) -> str:
        """The schedule's name, or its id as long as that is not known; without a schedule, the workflow."""
        if schedule_id is None:
            return workflow_id or ""
        return self._schedules.get(schedule_id, schedule_id)

    def steps_of(self, workflow_id: str) -> int | None:
        """How many steps it has, if that is known."""
        return self._steps.get(workflow_id) or None

    def learn(self, schedules: Iterable[str | None], workflows: Iterable[str] = ()) -> None:
        """Ask for those that are not known yet; give few at a time, since each takes a moment."""
        for key in {key for key in schedules if key is not None} - self._schedules.keys():
            self._learn_schedule(key)
        for key in set(workflows) - self._steps.keys():
            self._learn_workflow(key)

    def _learn_schedule(self, key: str) -> None:
        try:
            self._schedules[key] = self._client.get_schedule(key).get().name
        except NotFound:
            self._schedules[key] = key
        except QuarterjackError:
            return  # there will be another time

    def _learn_workflow(self, key: str) -> None:
        try:
            self._steps[key] = len(self._client.get_workflow(key).get().steps)
        except NotFound:
            self._steps[key] = 0
        except QuarterjackError:
            return
