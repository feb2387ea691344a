"""The recorded changes of a played story, as many customers' worth of them as are wanted.

Invariant: each customer (tenant) is a whole deployment's story of its own; their changes come interleaved.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson

__all__ = ["RECORDED", "per_tenant", "stories", "tenant_name"]

RECORDED = Path(__file__).parent / "recorded" / "changes.jsonl.gz"


@cache
def _recorded() -> tuple[dict[str, Any], ...]:
    return tuple(orjson.loads(line) for line in gzip.decompress(RECORDED.read_bytes()).splitlines())


def per_tenant() -> int:
    """How many changes one customer has."""
    return len(_recorded())


def tenant_name(number: int) -> str:
    """The name of a customer."""
    return f"tenant-{number:05d}"


def stories(tenants: int) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of every change, all customers' first ones first."""
    for change in _recorded():
        for number in range(tenants):
            name = tenant_name(number)
            yield name.encode(), orjson.dumps({**change, "tenant": name})
