"""Reads what `/metrics` serves as Prometheus does."""

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from rest_client import RestClient


class Scrape:
    """The metrics in a text."""

    def __init__(self, text: str) -> None:
        self.families: list[Metric] = list(text_string_to_metric_families(text))

    def value(self, name: str, **labels: str) -> float | None:
        """Of the sample with exactly these labels; None: there is none."""
        found = [
            sample.value
            for family in self.families
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        ]
        assert len(found) < 2, found
        return found[0] if found else None

    def labels(self, name: str, label: str) -> set[str]:
        """The values that a label of a metric has."""
        return {
            sample.labels[label]
            for family in self.families
            for sample in family.samples
            if sample.name == name
        }

    def names(self) -> Iterable[str]:
        """As the documentation has them."""
        for family in self.families:
            yield f"{family.name}_total" if family.type == "counter" else family.name


def scrape(client: RestClient) -> Scrape:
    """What the server serves now."""
    answer = client.get("/metrics")
    assert answer.status == 200, answer.raw
    return Scrape(answer.raw.decode())
