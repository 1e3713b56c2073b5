"""The stream of events in the browser: live, filtered, held, and from a number on."""

from collections.abc import Callable

import pytest
from dashboard import LOOKS, LOOKS_IDS, Dashboard
from playwright.sync_api import expect
from rest_client import RestClient

Open = Callable[..., Dashboard]


@pytest.fixture(scope="module")
def history(shop: RestClient) -> str:
    """An execution that has ended, so that there are events."""
    key = shop.run("orders")
    shop.ended(key)
    return key


def test_what_happens_is_shown_as_it_does(open_view: Open, shop: RestClient, history: str) -> None:
    tab = open_view("#/events")
    tab.wait_live()
    expect(tab.page.get_by_role("listitem").filter(has_text=history).first).to_be_visible()
    key = shop.run("quick")
    expect(tab.page.get_by_role("listitem").filter(has_text=key).first).to_be_visible()
    ended = (
        tab.page.get_by_role("listitem").filter(has_text=key).filter(has_text="workflow.completed")
    )
    expect(ended).to_have_count(1)


def test_a_topic_and_an_id_leave_out_the_rest(
    open_view: Open, shop: RestClient, history: str
) -> None:
    tab = open_view("#/events")
    tab.page.get_by_label("Topic").select_option("workflow:completed")
    types = tab.page.locator(".event-type")
    expect(types.first).to_have_text("workflow.completed")
    assert set(types.all_inner_texts()) == {"workflow.completed"}
    tab.page.get_by_label("Id of a schedule").fill(history)
    expect(types).to_have_count(1)
    assert history in tab.page.url
    tab.page.reload()
    expect(tab.page.locator(".event-type")).to_have_count(1)
    assert shop.is_up()


def test_events_are_told_again_from_a_number_on(open_view: Open, history: str) -> None:
    tab = open_view("#/events")
    tab.page.get_by_label("Replay after number").fill("0")
    tab.page.get_by_role("button", name="Replay").click()
    numbers = tab.page.locator(".event-seq")
    expect(numbers.last).to_have_text("1")
    found = [int(text) for text in numbers.all_inner_texts()]
    assert found == list(range(found[0], 0, -1))
    tab.page.get_by_role("button", name="Newest").click()
    expect(tab.page.get_by_role("button", name="Newest")).to_be_hidden()


def test_a_number_that_there_never_was_is_told(open_view: Open, history: str) -> None:
    tab = open_view("#/events?after=999999")
    expect(tab.page.get_by_text("new ones follow")).to_be_visible()


def test_the_stream_is_held_and_goes_on(open_view: Open, shop: RestClient, history: str) -> None:
    tab = open_view("#/events")
    tab.wait_live()
    tab.page.get_by_role("button", name="Hold").click()
    key = shop.run("quick")
    expect(tab.page.get_by_role("status").filter(has_text="Held")).to_contain_text("wait")
    assert tab.page.get_by_role("listitem").filter(has_text=key).count() == 0
    tab.page.get_by_role("button", name="Go on").click()
    expect(tab.page.get_by_role("listitem").filter(has_text=key).first).to_be_visible()


def test_the_data_of_an_event_unfolds(open_view: Open, history: str) -> None:
    tab = open_view("#/events?topic=workflow:completed")
    tab.page.get_by_role("button", name="workflow.completed").first.click()
    expect(tab.page.get_by_role("region", name="Data of event")).to_contain_text("resultSize")


@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=LOOKS_IDS)
def test_it_is_for_everybody(
    open_view: Open, history: str, scheme: str, size: tuple[int, int]
) -> None:
    tab = open_view("#/events", scheme=scheme, size=size)
    expect(tab.page.locator(".event-type").first).to_be_visible()
    tab.check_accessibility()
    tab.check_width()
