"""Whoever watches changes nothing: a story with each webhook and poll traced, to a collector that takes no span."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from schemas.errors import Transient
from streams.tracing import TRACEPARENT
from tests.simulation.evidence import violations
from tests.simulation.story import draw
from tests.simulation.world import World, run
from tests.support.tracing import Otlp, ReadableSpan

OPERATIONS = 12
KEPT = b'|traced"'  # how the key of a lane's row ends that holds the traces of what waits


def away(_spans: Sequence[ReadableSpan]) -> None:
    raise Transient("nobody answers", code="traces")


def written(world: World) -> dict[tuple[str, int], list[tuple[bytes | None, bytes | None, int]]]:
    """All records of a story without their headers, and without what is kept of traces."""
    return {
        place: [(each.key, each.value, each.timestamp) for each in rows if not (each.key or b"").endswith(KEPT)]
        for place, rows in world.broker.records.items()
    }


@pytest.mark.parametrize("seed", [1, 3])
def test_a_story_that_is_traced_writes_the_same_at_the_same_time_whatever_becomes_of_its_spans(seed: int):
    tracer = Otlp(away, 1.0, {"service.name": "test"}, queue=20)
    traced = run(draw(seed, OPERATIONS), tracer)
    assert written(traced) == written(run(draw(seed, OPERATIONS)))
    assert violations(traced) == {}
    followed = [each for rows in traced.broker.records.values() for each in rows if TRACEPARENT in dict(each.headers)]
    assert len(followed) > 100
    tracer.flush()
    counts = tracer.counts()
    assert counts["sent"] == 0
    assert counts["failed"] + counts["dropped"] > 100
