"""Lists of the server, page by page: the first so many, or all; as one JSON document of any length.

For people, so many as `--limit` says (50 unless given); for programs all, unless they say less.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import click

from quarterjack.storage.queries import Page, PageRequest

from ... import json_text
from ...client.listing import PagedReply
from ...shapes.shape import Shape
from ..options import option

T = TypeVar("T", bound=Shape)
FOR_PEOPLE: Final = 50
_LARGEST_PAGE: Final = 500


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--limit` and `--all`: the command is given `limit` (None: not said) and `everything`."""
    every = option("--all", "everything", is_flag=True, help="All of them, however many.")
    few = option(
        "--limit",
        type=click.IntRange(min=1),
        help=f"At most so many; by default {FOR_PEOPLE}, and with --json all.",
    )
    return few(every(command))


@dataclass(frozen=True)
class Wanted(Generic[T]):
    """A list of the server; `limit` None is all of it."""

    fetch: Callable[[PageRequest], PagedReply[T]]
    limit: int | None

    @classmethod
    def of(
        cls,
        fetch: Callable[[PageRequest], PagedReply[T]],
        *,
        limit: int | None,
        everything: bool,
        as_json: bool,
    ) -> "Wanted[T]":
        """By the options."""
        if everything:
            if limit is not None:
                raise click.UsageError("--limit and --all exclude each other")
            return cls(fetch, None)
        return cls(fetch, limit if limit is not None or as_json else FOR_PEOPLE)

    def pages(self) -> Iterator[Page[T]]:
        """One after the other; the last one's `next` is None, unless the limit ended it."""
        left, after = self.limit, None
        while True:
            size = _LARGEST_PAGE if left is None else min(left, _LARGEST_PAGE)
            page = self.fetch(PageRequest(size, after)).get()
            yield page
            after = page.next
            left = None if left is None else left - len(page.items)
            if after is None or left == 0:
                return

    def read(self) -> tuple[list[T], bool]:
        """The items, and whether there are more."""
        items: list[T] = []
        has_more = False
        for page in self.pages():
            items += page.items
            has_more = page.next is not None
        return items, has_more

    def print_json(self) -> None:
        """As the interface answers a list, written as it comes."""
        following, separator = None, ""
        click.echo('{"items":[', nl=False)
        for page in self.pages():
            for item in page.items:
                click.echo(separator + dumped(item), nl=False)
                separator = ","
            following = None if page.next is None else page.next[0]
        click.echo(f'],"nextCursor":{json_text.dump(following).decode()}}}')


def dumped(shape: Shape) -> str:
    """A shape as the interface answers it."""
    return json_text.dump(shape.model_dump()).decode()


def print_items(items: Sequence[Shape]) -> None:
    """A whole list as the interface answers it."""
    told = [item.model_dump() for item in items]
    click.echo(json_text.dump({"items": told, "nextCursor": None}))
