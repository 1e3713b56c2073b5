"""The time zone of the machine, and those that are given."""

from zoneinfo import ZoneInfo

import pytest

from quarterjack.http.cli import zones
from quarterjack.http.cli.failure import ClientError
from quarterjack.http.cli.zones import ZoneType, local_zone


def test_a_zone_is_given_by_its_name_once() -> None:
    zone = ZoneType().convert("Europe/Paris", None, None)

    assert isinstance(zone, ZoneInfo)
    assert zone.key == "Europe/Paris"
    assert ZoneType().convert(zone, None, None) is zone


@pytest.mark.parametrize(("name", "zone"), [("Europe/Paris", "Europe/Paris"), (None, "UTC")])
def test_the_machine_s_zone_is_what_it_says(
    monkeypatch: pytest.MonkeyPatch, name: str | None, zone: str
) -> None:
    monkeypatch.setattr(zones, "get_localzone_name", lambda: name)

    assert local_zone().key == zone


def test_a_machine_that_does_not_know_its_zone_is_told_to_say_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zones, "get_localzone_name", lambda: "Nowhere")

    with pytest.raises(ClientError, match=r"'Nowhere'.*say --timezone"):
        local_zone()
