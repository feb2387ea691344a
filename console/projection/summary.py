"""Sums over the projection: what moved, what stands, what needs a person. Amounts are added as Decimals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from console.projection import pulse, refusals
from console.projection.connections import parked_for_a_person
from console.projection.listing import EVERYTHING, find
from console.projection.progress import failing
from console.projection.reconciled import nights
from console.projection.reviews import open_reviews
from console.projection.store import Store
from schemas.money import plain
from schemas.names import Side
from schemas.totals import Total
from schemas.verdict import Verdict

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Window:
    """One day, currency and subsidiary with both sides' totals."""

    tenant: str
    day: str
    currency: str
    subsidiary: str
    crm: Total | None
    erp: Total | None

    @property
    def difference(self) -> Decimal:
        """CRM minus ERP."""
        return (self.crm.total if self.crm else Decimal(0)) - (self.erp.total if self.erp else Decimal(0))

    @property
    def agreed(self) -> bool:
        """Both sides state the same count and the same sum."""
        counts = {(side.invoices if side else 0) for side in (self.crm, self.erp)}
        return self.difference == 0 and len(counts) == 1

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "tenant": self.tenant,
            "day": self.day,
            "currency": self.currency,
            "subsidiary": self.subsidiary,
            "crm": self.crm.model_dump(mode="json") if self.crm else None,
            "erp": self.erp.model_dump(mode="json") if self.erp else None,
            "difference": plain(self.difference),
            "agreed": self.agreed,
        }


def windows(totals: list[Total]) -> list[Window]:
    """Pair the sides' totals, in the order in which they come."""
    pairs: dict[tuple[str, str, str, str], dict[Side, Total]] = {}
    for total in totals:
        pairs.setdefault((total.tenant, total.day, total.currency, total.subsidiary), {})[total.side] = total
    return [Window(*key, sides.get(Side.CRM), sides.get(Side.ERP)) for key, sides in pairs.items()]


def open_proposals(store: Store) -> list[Verdict]:
    """Links that were proposed and that are still to be confirmed or declined, newest first.

    A link made with either record settles what was proposed for it; a refusal settles that one pair.
    """
    rows = store.rows("SELECT body FROM decisions WHERE rule = 'identity' ORDER BY seq")
    standing: dict[tuple[str, str], Verdict] = {}
    for verdict in (Verdict.model_validate_json(row["body"]) for row in rows):
        pair = (str(verdict.crm), str(verdict.erp))
        if verdict.ruling == "propose":
            standing[pair] = verdict
        elif verdict.ruling == "refuse":
            standing.pop(pair, None)
        elif verdict.ruling == "link":
            standing = {other: each for other, each in standing.items() if not set(other) & set(pair)}
    return sorted(standing.values(), key=lambda verdict: verdict.at, reverse=True)


def counts(store: Store, table: str, column: str) -> dict[str, int]:
    """How many rows there are by the value of a column."""
    rows = store.rows(f"SELECT {column} AS name, count(*) AS n FROM {table} GROUP BY 1 ORDER BY 1")  # noqa: S608 - our names
    return {row["name"]: row["n"] for row in rows}


def held_standing(store: Store) -> int:
    """Records in quarantine that were neither put back nor dropped."""
    rows = store.rows("SELECT count(*) AS n FROM quarantine WHERE key NOT IN (SELECT key FROM settlements)")
    return int(rows[0]["n"])


def status(store: Store) -> dict[str, object]:
    """The whole picture as one document; `needs_person` names what waits for one."""
    ledger = counts(store, "ledger", "state")
    variances = counts(store, "variances", "state")
    quarantined = held_standing(store)
    known = nights(store)
    waiting = {
        "variances": variances.get("open", 0),
        "quarantined": quarantined,
        "refused": refusals.standing(store),
        "reviews": len(open_reviews(store)),
        "proposals": len(open_proposals(store)),
        "brakes": counts(store, "brakes", "state").get("stopped", 0),
        "parked": parked_for_a_person(store),
        "readings": failing(store),
        "signed": sum(bool(each.changed) for each in known),
        "nights": sum(each.differs for each in known),
    }
    paired = windows(find(store, Total, limit=EVERYTHING))
    as_of = store.as_of()
    return {
        "as_of": as_of.isoformat() if as_of else None,
        "ledger": ledger,
        "decisions": counts(store, "decisions", "ruling"),
        "events": counts(store, "events", "type"),
        "variances": variances,
        "quarantined": quarantined,
        "windows": {"agreed": sum(each.agreed for each in paired), "apart": sum(not each.agreed for each in paired)},
        "unreadable": sum(counts(store, "unreadable", "topic").values()),
        "needs_person": {name: number for name, number in waiting.items() if number},
    }


def sums(paired: list[Window]) -> list[dict[str, object]]:
    """All windows of a currency together, per side."""
    found: dict[str, dict[Side, tuple[int, Decimal, Decimal]]] = {}
    for window in paired:
        for total in (window.crm, window.erp):
            if total is not None:
                sides = found.setdefault(window.currency, {})
                number, amount, due = sides.get(total.side, (0, Decimal(0), Decimal(0)))
                sides[total.side] = (number + total.invoices, amount + total.total, due + total.due)
    return [
        {
            "currency": currency,
            **{
                side.value: {"invoices": number, "total": plain(amount), "due": plain(due)}
                for side, (number, amount, due) in sides.items()
            },
        }
        for currency, sides in sorted(found.items())
    ]


def flow(store: Store, now: datetime, minutes: int = 15) -> dict[str, dict[str, object]]:
    """Per stop: how many records passed in the last minute, and per ten seconds over the last `minutes`."""
    newest = pulse.bucket_of(now)
    per_minute = int(60 / pulse.BUCKET.total_seconds())
    shown = minutes * per_minute
    oldest = newest - shown + 1
    found: dict[str, list[int]] = {}
    for row in store.rows("SELECT stop, bucket, count FROM pulse WHERE bucket >= ?", [oldest]):
        series = found.setdefault(row["stop"], [0] * shown)
        series[min(row["bucket"], newest) - oldest] += row["count"]
    return {
        stop: {"minute": sum(series[-per_minute:]), "window": sum(series), "series": series}
        for stop, series in sorted(found.items())
    }
