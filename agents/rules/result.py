"""What a step hands back: outputs in order, refused records by their place in the batch, and counts of everything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from schemas.wire import Wire


@dataclass(frozen=True, slots=True)
class Output:
    """One record for a topic, by the topic's name in `streams.topics` (without the deployment's prefix).

    `cause` is the place in the batch of the record that led to it.
    """

    topic: str
    key: bytes
    value: bytes
    cause: int = 0


@dataclass(slots=True)
class Result:
    """A step's work. Nothing is silent: what produces no output raises a counter. `at` is the record in work."""

    outputs: list[Output] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    # As `Counter()`, which looks for something to count first: every finding has a result of its own.
    counts: Counter[str] = field(default_factory=partial(Counter.__new__, Counter))
    at: int = 0

    def emit(self, topic: str, key: str, value: Wire) -> None:
        """Add an output."""
        self.outputs.append(Output(topic, key.encode(), value.to_bytes(), self.at))
        self.counts[topic] += 1

    def refuse(self, index: int, reason: str) -> None:
        """Send the record at `index` to quarantine."""
        self.refused.append((index, reason))
        self.counts["quarantined"] += 1

    def add(self, other: Result) -> None:
        """Take over another step's work."""
        self.outputs.extend(other.outputs)
        self.refused.extend(other.refused)
        for name, count in other.counts.items():  # `update` asks what kind of mapping it is each time
            self.counts[name] += count
