"""What every deed of a person is made of: to edit a record on HubSpot's screens, and to associate it with another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from tests.simulation.platforms import Platforms, Record

Deed = Callable[[Platforms, Random], Awaitable[None]]  # what a person does, among what is there


async def edit(both: Platforms, kind: str, row: Record, **properties: str) -> None:
    """Set properties of a record."""
    await both.sales.do("PATCH", f"people/{kind}/{row['id']}", {"properties": properties})


async def associate(both: Platforms, kind: str, made: Any, to_type: str, to_id: str) -> None:
    """Make another record the primary one of a record."""
    body = {"to_type": to_type, "to_id": to_id, "primary": True}
    await both.sales.do("POST", f"people/{kind}/{made['id']}/associate", body)
