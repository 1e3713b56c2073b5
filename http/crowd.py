"""How many connections there are, and who gives way: never more than the limits, in all and for each address.

At a limit a new connection takes the place of the one that has had no request for the longest. If
all of them are busy it is refused. Pure bookkeeping, on the loop.
"""

from collections.abc import Callable
from typing import Final

from .addresses import address_of, is_in, neighbourhood
from .settings import HttpSettings

_LOOKED_AT: Final = 20
"""Connections that are asked to give way, before a new one is refused."""


class Place:
    """Of one connection, from its accept to its end; free to be taken while it has no request."""

    def __init__(self, crowd: "Crowd", owner: str | None, give_way: Callable[[], bool]) -> None:
        self._crowd = crowd
        self.owner = owner
        self.give_way = give_way
        """End the connection now; False if it can't, because an answer is on its way."""

    def busy(self) -> None:
        """It has a request, and stays."""
        self._crowd._busy(self)

    def free(self) -> None:
        """It waits for a request."""
        self._crowd._free(self)

    def leave(self) -> None:
        """It has ended. May be said twice."""
        self._crowd._leave(self)


class Crowd:
    """All connections of a server."""

    def __init__(self, settings: HttpSettings, most: int) -> None:
        self._settings = settings
        self._most = most
        self._places: set[Place] = set()
        self._of_owner: dict[str, int] = {}
        self._waiting: dict[Place, None] = {}  # oldest first
        self._waiting_of_owner: dict[str, dict[Place, None]] = {}
        self.refused = 0
        """How many found no place."""
        self.gave_way = 0
        """How many ended for another one's sake."""

    def __len__(self) -> int:
        return len(self._places)

    @property
    def waiting(self) -> int:
        """How many have no request."""
        return len(self._waiting)

    def admit(self, address: str, give_way: Callable[[], bool]) -> Place | None:
        """A place for a connection from there, or None."""
        owner = self._owner(address)
        if owner is not None and self._of_owner.get(owner, 0) >= (
            self._settings.connections_per_address
        ):
            room = self._make_room(self._waiting_of_owner.get(owner, {}))
        elif len(self._places) >= self._most:
            room = self._make_room(self._waiting)
        else:
            room = True
        if not room:
            self.refused += 1
            return None
        place = Place(self, owner, give_way)
        self._places.add(place)
        if owner is not None:
            self._of_owner[owner] = self._of_owner.get(owner, 0) + 1
        self._free(place)
        return place

    def _owner(self, address: str) -> str | None:
        """For whom it counts; None for an address that many share."""
        settings = self._settings
        if is_in(address_of(address), (*settings.shared_addresses, *settings.trusted_proxies)):
            return None
        return neighbourhood(address)

    def _make_room(self, waiting: dict[Place, None]) -> bool:
        for place in [place for place, _ in zip(waiting, range(_LOOKED_AT), strict=False)]:
            if place.give_way():
                self._leave(place)
                self.gave_way += 1
                return True
        return False

    def _busy(self, place: Place) -> None:
        self._waiting.pop(place, None)
        if place.owner is not None:
            mine = self._waiting_of_owner.get(place.owner, {})
            mine.pop(place, None)
            if not mine:
                self._waiting_of_owner.pop(place.owner, None)

    def _free(self, place: Place) -> None:
        if place not in self._places:
            return
        self._busy(place)  # so that it is the last again
        self._waiting[place] = None
        if place.owner is not None:
            self._waiting_of_owner.setdefault(place.owner, {})[place] = None

    def _leave(self, place: Place) -> None:
        if place not in self._places:
            return
        self._busy(place)
        self._places.remove(place)
        if place.owner is not None:
            left = self._of_owner[place.owner] - 1
            if left:
                self._of_owner[place.owner] = left
            else:
                del self._of_owner[place.owner]
