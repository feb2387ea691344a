"""Event-time windows: tumbling days of document totals per currency, subsidiary and side.

A document's old contribution leaves its window and the new one enters, so sums are idempotent under replay. The
watermark is the newest day seen; a window closes when the watermark has passed it by the grace, and a late fact
restates it and says so. Days are calendar days, so summer time and leap days need no arithmetic.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta

from schemas.money import exact, plain
from schemas.names import Side
from schemas.totals import DocumentVersion, Total
from tables.view import View

GRACE = timedelta(days=2)  # platforms may show a day's last documents on the day after, in any time zone


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one document adds to one window."""

    day: str
    currency: str
    subsidiary: str
    total: str
    due: str
    counted: bool
    number: str
    ref: str
    version: int
    seen: int


@dataclass(slots=True)
class Window:
    """One window's sums."""

    invoices: int = 0
    total: str = "0"
    due: str = "0"
    revision: int = 0
    restated: int = 0


def contribution(document: DocumentVersion, seen: int) -> Contribution:
    """What the document adds."""
    return Contribution(
        day=document.day,
        currency=document.currency,
        subsidiary=document.subsidiary,
        total=plain(document.total),
        due=plain(document.due),
        counted=document.counted,
        number=document.number,
        ref=document.ref,
        version=document.version,
        seen=seen,
    )


def window_key(tenant: str, side: Side, part: Contribution) -> str:
    """The window that a contribution falls into."""
    return f"{tenant}|{part.day}|{part.currency}|{part.subsidiary}|{side.value}"


def watermark(view: View, tenant: str) -> str:
    """The newest day seen, or an empty text."""
    return str(view.get(f"{tenant}|watermark") or "")


def raise_watermark(view: View, tenant: str, day: str) -> None:
    """Note a day; the watermark never falls."""
    if day > watermark(view, tenant):
        view[f"{tenant}|watermark"] = day


def closed(view: View, tenant: str, day: str) -> bool:
    """Whether the watermark has passed the day and its grace."""
    mark = watermark(view, tenant)
    return bool(mark) and date.fromisoformat(mark) - date.fromisoformat(day) > GRACE


def apply(view: View, tenant: str, side: Side, part: Contribution, *, sign: int) -> Total | None:
    """Add (`sign` 1) or take out (-1) a contribution and state the window anew; None where it does not count."""
    if not part.counted:
        return None
    key = window_key(tenant, side, part)
    row = view.get(key)
    window = Window(**row) if row else Window()
    late = closed(view, tenant, part.day)
    window.invoices += sign
    window.total = plain(exact(window.total) + sign * exact(part.total))
    window.due = plain(exact(window.due) + sign * exact(part.due))
    window.revision += 1
    window.restated += 1 if late else 0
    view[key] = asdict(window)
    return Total(
        tenant=tenant,
        day=part.day,
        currency=part.currency,
        subsidiary=part.subsidiary,
        side=side,
        invoices=window.invoices,
        total=exact(window.total),
        due=exact(window.due),
        revision=window.revision,
        closed=late,
        restated=window.restated,
    )
