"""What a backfill costs in HubSpot, and what of the quota it may take."""

from __future__ import annotations

from streams.platforms.hubspot.limits import BATCH, DAY_SPARE, SPARE
from streams.platforms.hubspot.shapes import SHAPES, Shape
from streams.platforms.interface import Share

MINUTE_CALLS = 600  # 100 in ten seconds, on the Free and Starter tiers
DAY_CALLS = 250_000  # on the same


def _calls(shape: Shape) -> int:
    """The page, its associations, and of deals the line items: which they have, and what these are."""
    return 1 + len(shape.parents) + 2 * (shape.kind == "deal")


SHARE = Share(
    entities={kind: (shape.entity,) for kind, shape in SHAPES.items()},
    page=dict.fromkeys(SHAPES, BATCH),
    calls={kind: _calls(shape) for kind, shape in SHAPES.items()},
    minute=int(MINUTE_CALLS * (1 - SPARE)),
    day=int(DAY_CALLS * (1 - DAY_SPARE)),
    day_calls=DAY_CALLS,
)
