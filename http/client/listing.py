"""Lists in pages: one page as it is asked for, or all items of all of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Generic, TypeVar

from quarterjack.actors.engine import Reply
from quarterjack.storage import InvalidInput
from quarterjack.storage.queries import Key, Page, PageRequest

from ..shapes.shape import Listing
from .flow import Flow
from .request import Wanted

T = TypeVar("T")
MOST: Final = 500
"""Items that a page may have."""
Fetch = Callable[[PageRequest], Reply[Page[T]]]


class PagedReply(Reply[Page[T]], Generic[T]):
    """A page; `all()` has every item of the list, page by page."""

    def __init__(self, fetch: Fetch[T], page: PageRequest) -> None:
        super().__init__()
        self._fetch = fetch
        self._page = page
        fetch(page).pipe(self)

    def all(self) -> Flow[T]:
        """From this page on: `for item in client.list_schedules().all()`, or `async for`."""
        return Flow(lambda: _Pages(self, self._fetch, self._page))


class _Pages(Generic[T]):
    def __init__(self, first: Reply[Page[T]], fetch: Fetch[T], page: PageRequest) -> None:
        self._coming = first
        self._fetch = fetch
        self._page = page
        self._is_over = False

    def next(self) -> Reply[list[T] | None]:
        if self._is_over:
            return Reply.of(None)
        return self._coming.map(self._taken)

    def _taken(self, page: Page[T]) -> list[T]:
        if page.next is None:
            self._is_over = True
        else:
            self._page = replace(self._page, after=page.next)
            self._coming = self._fetch(self._page)  # it comes while these are looked at
        return page.items

    def close(self) -> None:
        self._is_over = True


def listing_query(wanted: Wanted, page: PageRequest) -> Wanted:
    """With what asks for that page. Raises `InvalidInput` for a key that no page of a client gave."""
    query = {**wanted.query, "limit": page.limit}
    if page.after is not None:
        if len(page.after) != 1 or not isinstance(page.after[0], str):
            raise InvalidInput.field("page", "after", msg="give what is `next` on the page before")
        query["cursor"] = page.after[0]
    return replace(wanted, query=query)


def page_of(listing: Listing[T]) -> Page[T]:
    """A page as a runtime gives it; its key is the cursor."""
    key: Key | None = None if listing.next_cursor is None else (listing.next_cursor,)
    return Page(listing.items, key)
