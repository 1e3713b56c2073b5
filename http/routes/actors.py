"""`/api/actors`: the supervision tree, live."""

from aiohttp import web

from .. import presenters
from ..answers import answered, ok_large
from ..keys import runtime_of
from ..paging import listing, page_of, page_request
from ..query import PageQuery, read_query


def routes() -> list[web.RouteDef]:
    """Each address with its handler."""
    return [web.get("/api/actors", list_actors)]


async def list_actors(request: web.Request) -> web.Response:
    """`GET /api/actors`: parents before their children."""
    query = read_query(request, PageQuery)
    page = page_request(query, "actors", (str,))
    found = await answered(runtime_of(request).actors())
    tree = page_of({(each.path,): each for each in found}, page)
    return await ok_large(listing(tree, "actors", presenters.actor))
