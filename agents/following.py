"""Following: the spans of those records of a batch that belong to a trace.

A span is of one record in one step: from before it is judged until what it has caused is durable. Invariant: a record
that carries no context costs one look at its headers, and none at all where tracing is off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from time import time
from types import MappingProxyType
from typing import Self

from agents.rules.result import Result
from streams.engine import Record, RecordBatch
from streams.tracing import Span, Tracer, context_in

__all__ = ["Followed", "note"]

NONE: Mapping[int, Span] = MappingProxyType({})


class Followed:
    """The spans that one batch has open. Those of a body that raises have failed."""

    def __init__(self, batch: RecordBatch, tracer: Tracer | None, name: str) -> None:
        """Follow the records of `batch` through the step of this name."""
        self._batch = batch
        self._tracer = tracer
        self._name = name
        self._open: list[Span] = []

    def begin(self, records: Sequence[Record]) -> Mapping[int, Span]:
        """Begin the spans of a slice, by the places of its records."""
        if self._tracer is None:
            return NONE
        found: dict[int, Span] = {}
        for place, record in enumerate(records):
            if record.headers and (context := context_in(record.headers)) is not None:
                span = self._tracer.begin(
                    self._name,
                    parent=context,
                    topic=self._batch.topic,
                    partition=self._batch.partition,
                    offset=record.offset,
                    waited=max(0.0, time() - record.timestamp / 1000),
                )
                if span is not None:
                    found[place] = span
        self._open += found.values()
        return found

    def end(self) -> None:
        """What was judged so far is durable."""
        for span in self._open:
            span.end()
        self._open.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for span in self._open:
                span.fail(kind.__name__)
        self.end()


def note(spans: Mapping[int, Span], result: Result) -> None:
    """Note on each span what its record has come to: how many records, by topic, or quarantine."""
    made: Counter[tuple[int, str]] = Counter((output.cause, output.topic) for output in result.outputs)
    for (place, topic), number in made.items():
        if place in spans:
            spans[place].set(**{f"made.{topic}": number})
    for place, _ in result.refused:
        if place in spans:
            spans[place].fail("quarantined")
