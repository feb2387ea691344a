"""One finding of a checkup."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and how it stands. A finding that is fine may still advise a `next_step`."""

    name: str
    ok: bool
    detail: str
    next_step: str = ""
