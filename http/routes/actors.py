"""`/api/actors`: the supervision tree, live."""

from aiohttp import web

from ..answers import Answer, answered, ok_large
from ..call import Call
from ..keys import runtime_of
from ..paging import next_cursor, page_of, page_request
from ..query import PageQuery
from ..shapes.server import Actor
from ..shapes.shape import Listing, listed


def calls() -> list[Call]:
    """What can be asked of actors."""
    return [Call("listActors", "GET", "/api/actors", list_actors)]


async def list_actors(request: web.Request, query: PageQuery) -> Answer[Listing[Actor]]:
    """The supervision tree, parents before their children."""
    page = page_request(query, "actors", (str,))
    found = await answered(runtime_of(request).actors())
    tree = page_of({(each.path,): each for each in found}, page)
    following = next_cursor(tree, "actors")
    return ok_large(lambda: listed(tree, following, Actor.of))
