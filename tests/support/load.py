"""Clients that trigger a schedule again and again, and note what was promised to them."""

import threading

from rest_client import RestClient

_PAUSE = 0.03


class Load:
    """Triggers a schedule from two threads until it is told to end, or the server is gone."""

    def __init__(
        self, client: RestClient, schedule_id: str, accepted: list[str], threads: int = 2
    ) -> None:
        self._client = client
        self._path = f"/api/schedules/{schedule_id}/trigger"
        self._accepted = accepted
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(threads)]
        self.refused: list[int] = []

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Wait for the answers that are still to come."""
        self._over.set()
        for thread in self._threads:
            thread.join(40)

    def _work(self) -> None:
        while not self._over.wait(_PAUSE):
            try:
                answer = self._client.post(self._path)
            except TimeoutError:  # nothing was promised
                continue
            except Exception:  # the server is gone
                return
            if answer.status == 202:
                self._accepted.append(answer.body["executionId"])
            else:
                self.refused.append(answer.status)
