"""Reconcile: sum what each side says of its invoices per day, currency and subsidiary, and name what differs.

In: document versions of one tenant, in order. Out: window totals and variances. Invariant: a window's sums equal a
recount of the documents' newest versions; seeing a version again adds nothing; late facts restate and say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from agents.rules.result import Result
from agents.rules.variances import classify, difference
from schemas.errors import Refused
from schemas.instants import parse_instant, to_millis
from schemas.money import exact
from schemas.names import Side, digest
from schemas.totals import DocumentVersion, Total, Variance
from tables import windows
from tables.view import View
from tables.windows import Contribution


@dataclass(slots=True)
class Reconcile:
    """The step; it needs nothing to judge by."""

    def __call__(self, values: Sequence[bytes | None], books: View, sums: View) -> Result:
        """Take the values of one partition in order; write documents (`books`) and windows (`sums`)."""
        result = Result()
        for index, value in enumerate(values):
            result.at = index
            try:
                _take(DocumentVersion.from_bytes(value), books, sums, result)
            except Refused as error:
                result.refuse(index, error.message)
        return result


def _take(document: DocumentVersion, books: View, sums: View, result: Result) -> None:
    key = f"{document.tenant}|{document.document}"
    row: dict[str, Any] = books.get(key) or {}
    side = document.side
    before = _part(row.get(side.value))
    now = windows.contribution(document, to_millis(document.seen_at))
    if before is not None and (now == before or (now.version, now.seen) < (before.version, before.seen)):
        result.counts["duplicate" if now == before else "stale"] += 1
        return
    # 1. the old contribution leaves its window, the new one enters; one statement where it is the same window
    stated: dict[str, Total] = {}
    for part, sign in ((before, -1), (now, 1)):
        total = windows.apply(sums, document.tenant, side, part, sign=sign) if part is not None else None
        if part is not None and total is not None:
            stated[windows.window_key(document.tenant, side, part)] = total
    for name, total in stated.items():
        result.emit("totals", name, total)
    # 2. the watermark follows the documents' own days
    if now.counted:
        # never past the day on which it was seen: one invoice dated far ahead must not close the days between
        windows.raise_watermark(sums, document.tenant, min(now.day, document.seen_at.date().isoformat()))
    # 3. the two sides of this document are compared anew
    row[side.value] = asdict(now)
    _compare(document, row, sums, result)
    books[key] = row


def _compare(document: DocumentVersion, row: dict[str, Any], sums: View, result: Result) -> None:
    crm, erp = _part(row.get(Side.CRM.value)), _part(row.get(Side.ERP.value))
    shown = erp or crm
    if shown is None:
        return
    kind = classify(crm, erp, day_closed=windows.closed(sums, document.tenant, shown.day))
    known = row.get("variance")
    if known is not None and (kind is None or kind != known["kind"]):
        result.emit("variances", known["id"], Variance(**{**known, "state": "closed", "closed_at": document.seen_at}))
        row["variance"] = None
        known = None
    if kind is None:
        return
    opened = parse_instant(known["opened_at"]) if known else document.seen_at
    # named by the statement that opened it, so that the same difference met again later is another one
    cause = (document.tenant, document.document, kind, document.side.value, str(document.version))
    variance = Variance(
        id=known["id"] if known else digest(*cause, document.seen_at.isoformat()),
        tenant=document.tenant,
        day=shown.day,
        currency=shown.currency,
        subsidiary=shown.subsidiary,
        document=document.document,
        number=shown.number,
        kind=kind,
        crm_total=exact(crm.total) if crm else None,
        erp_total=exact(erp.total) if erp else None,
        crm_due=exact(crm.due) if crm else None,
        erp_due=exact(erp.due) if erp else None,
        difference=difference(crm, erp),
        state="open",
        opened_at=opened,
        refs={side: part.ref for side, part in (("crm", crm), ("erp", erp)) if part},
    )
    row["variance"] = variance.model_dump(mode="json")
    result.emit("variances", variance.id, variance)


def _part(row: dict[str, Any] | None) -> Contribution | None:
    return Contribution(**row) if row else None
