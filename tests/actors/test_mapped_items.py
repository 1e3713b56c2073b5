"""The items of a mapped step: in order, within their bound, whatever happens to them."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterjack.actors.mapped_items import MappedItems
from quarterjack.storage.plain_data import pack


@dataclass
class Item:
    name: str
    has_ended: bool = False


def _items(count: int, *begun: Item) -> MappedItems:
    return MappedItems("load", [pack(number) for number in range(count)], begun)


@pytest.mark.parametrize(
    ("concurrency", "ready"),
    [(None, ["load[0]", "load[1]", "load[2]"]), (2, ["load[0]", "load[1]"]), (9, 3)],
)
def test_the_first_ones_begin_first(concurrency: int | None, ready: list[str] | int) -> None:
    found = list(_items(3).ready(concurrency))

    assert found == ready or len(found) == ready


def test_those_that_have_ended_before_are_left_out() -> None:
    items = _items(4, Item("load[0]", has_ended=True), Item("load[2]"))

    assert list(items.ready(2)) == ["load[1]"]
    assert items.open() == ["load[2]"]


def test_no_items_are_through_at_once() -> None:
    assert _items(0).are_through()
    assert not _items(1).are_through()


@given(st.integers(0, 12), st.sampled_from([None, 1, 3]), st.randoms(use_true_random=False))
def test_all_come_to_their_end_in_order_and_within_the_bound(
    count: int, concurrency: int | None, chance: object
) -> None:
    items, begun, under_way = _items(count), list[str](), list[Item]()
    while not items.are_through():
        for name in list(items.ready(concurrency)):
            begun.append(name)
            under_way.append(Item(name))
            items.changed(under_way[-1])
        assert len(under_way) <= (concurrency or count)
        assert sorted(items.open()) == sorted(item.name for item in under_way)
        item = under_way[chance.randrange(len(under_way))]  # type: ignore[attr-defined]
        item.has_ended = chance.random() < 0.7  # type: ignore[attr-defined]
        items.changed(item)  # it has ended, or is tried again
        under_way = [each for each in under_way if not each.has_ended]

    assert begun == [f"load[{number}]" for number in range(count)]
