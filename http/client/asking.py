"""How the calls of a client ask: each names a row of the table of calls, and the shape of its answer."""

from abc import ABC, abstractmethod
from typing import TypeVar

from quarterjack.actors.engine import Reply
from quarterjack.storage.queries import PageRequest

from ..shapes.shape import Shape
from .flow import Flow
from .listing import PagedReply
from .request import Wanted

S = TypeVar("S", bound=Shape)
FIRST: PageRequest = PageRequest()


class Asking(ABC):
    """The base of the calls; errors come through the reply, whichever they are."""

    @abstractmethod
    def _ask(self, shape: type[S], wanted: Wanted) -> Reply[S]:
        """What is answered, in its shape."""

    @abstractmethod
    def _tell(self, wanted: Wanted) -> Reply[None]:
        """For calls whose answer says nothing."""

    @abstractmethod
    def _list(self, shape: type[S], wanted: Wanted, page: PageRequest) -> PagedReply[S]:
        """A page of a list."""

    @abstractmethod
    def _lines(self, wanted: Wanted) -> Flow[bytes]:
        """The lines of an answer as they come."""

    @abstractmethod
    def _pieces(self, wanted: Wanted) -> Flow[bytes]:
        """The bytes of an answer as they come."""
