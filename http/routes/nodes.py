"""`/api/nodes`: the processes that serve the database."""

from aiohttp import web

from ..answers import Answer, answered, ok_large
from ..call import Call
from ..keys import runtime_of
from ..paging import next_cursor, page_of, page_request
from ..query import PageQuery
from ..shapes.server import Node
from ..shapes.shape import Listing, listed


def calls() -> list[Call]:
    """What can be asked of nodes."""
    return [Call("listNodes", "GET", "/api/nodes", list_nodes)]


async def list_nodes(request: web.Request, query: PageQuery) -> Answer[Listing[Node]]:
    """The processes that serve the database: one."""
    page = page_request(query, "nodes", (str,))
    found = await answered(runtime_of(request).nodes())
    nodes = page_of({(each.boot_id,): each for each in found}, page)
    following = next_cursor(nodes, "nodes")
    return ok_large(lambda: listed(nodes, following, Node.of))
