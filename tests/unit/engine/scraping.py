"""What tests know of metrics: scraped, parsed, and held against Prometheus' conventions of naming."""

import re
import urllib.request
from collections.abc import Iterable
from typing import NamedTuple

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

__all__ = ["Scraped", "assert_conventional", "scrape"]

UNITS = ("seconds", "bytes", "records", "ratio")
ODD_UNITS = ("ms", "millis", "milliseconds", "minutes", "hours", "kb", "mb", "kilobytes", "megabytes", "percent")
OTHERS = ("process_", "python_")  # of the client library


class Scraped(NamedTuple):
    """One scrape: families by name."""

    families: dict[str, Metric]

    def all(self, name: str, **labels: str) -> dict[tuple[str, ...], float]:
        """The samples of this name that carry these labels, by the values of their other labels."""
        return {
            tuple(value for key, value in sample.labels.items() if key not in labels): sample.value
            for family in self.families.values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        }

    def __str__(self) -> str:
        return "\n".join(f"{s.name}{s.labels} {s.value}" for f in self.families.values() for s in f.samples)

    def sum(self, name: str, **labels: str) -> float | None:
        """Their sum; None when there is no such sample."""
        found = self.all(name, **labels)
        return sum(found.values()) if found else None


def parsed(text: str) -> Scraped:
    """Read Prometheus' text format."""
    return Scraped({family.name: family for family in text_string_to_metric_families(text)})


def scrape(address: str) -> Scraped:
    """Ask as Prometheus does."""
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - a worker of ours
        assert answer.headers["content-type"].startswith("text/plain")
        return parsed(answer.read().decode())


def assert_conventional(families: Iterable[Metric], *prefixes: str) -> None:
    """What `promtool check metrics` looks at: help, suffixes, units, names and labels."""
    for family in families:
        if family.name.startswith(OTHERS) or family.name.endswith("_created"):
            continue
        assert family.name.startswith(prefixes), family.name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name), family.name
        assert family.documentation.endswith("."), family.name
        words = family.name.split("_")
        assert not set(words) & set(ODD_UNITS), family.name
        assert [each for each in words[:-1] if each in UNITS] == [], f"{family.name}: a unit comes last"
        assert family.type in {"counter", "gauge", "histogram"}, family.name
        assert {s.name.endswith("_total") for s in family.samples if not s.name.endswith("_created")} <= {
            family.type == "counter"
        }, family.name
        assert not re.search(r"_(total|sum|count|bucket)$", family.name), family.name
        for sample in family.samples:
            assert set(sample.labels) <= {*LABELS, "le"}, sample


LABELS = {"topic", "partition", "role", "table", "step", "result", "connection", "platform", "kind", "call", "answer",
          "entity", "rule"}  # fmt: skip
