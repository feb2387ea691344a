"""The books as the page draws them: days with both sides' totals, and one day down to its documents.

In: totals and variances of the stream, the rows of both sides. Out: JSON; amounts are texts, added up as decimals.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from agents.rules.bills import POSTED
from console.page.overview import daily, variance_line
from console.projection.filters import Filters
from console.projection.listing import EVERYTHING, find, labels
from console.projection.reconciled import nights
from console.projection.store import Store
from schemas.audit import Signature
from schemas.errors import SettingsError
from schemas.money import exact, plain
from schemas.names import Side
from schemas.totals import Total, Variance

DAYS = 92  # a quarter fits on one plot, a bar for each day
NIGHTS = 10  # reconciled nights that are listed beside those that need a person
MOST = 500  # documents of one day that are listed; those that differ come first

_DOCUMENTS = (
    "SELECT key, record, json_extract(body, '$.crm') AS crm, json_extract(body, '$.erp') AS erp FROM states"
    " WHERE drawer = 'accounts.r' AND record >= 'invoice:' AND record < 'invoice;'"
    " AND ((json_extract(body, '$.crm.fields.date') = ?1 AND json_extract(body, '$.crm.fields.currency') = ?2)"
    " OR (json_extract(body, '$.erp.fields.date') = ?1 AND json_extract(body, '$.erp.fields.currency') = ?2))"
)


def books(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Per currency the last days with invoices, oldest first, each with the number of its variances."""
    found = daily(find(store, Total, limit=EVERYTHING), DAYS)
    rows = store.rows("SELECT day, currency, state FROM variances")
    counted = Counter((row["currency"], row["day"], row["state"]) for row in rows)
    return {
        currency: [
            day | {state: counted[currency, day["day"], state] for state in ("open", "closed")} for day in days
        ]
        for currency, days in found.items()
    }  # fmt: skip


def one_day(store: Store, day: str, currency: str) -> dict[str, Any]:
    """One day in one currency: both sides, its variances, and the documents that they are about or that agree.

    Raises:
        SettingsError: the day is none.
    """
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise SettingsError(f"a day is YYYY-MM-DD, not {day!r}", code="usage") from error
    wish = Filters(day=day, currency=currency)
    totals = daily(find(store, Total, wish, EVERYTHING)).get(currency, [])
    variances = find(store, Variance, wish, EVERYTHING)
    apart = {each.document for each in variances if each.state == "open"}
    documents = [found for row in store.rows(_DOCUMENTS, [day, currency]) if (found := _document(row, day, currency))]
    names = labels(store, (each["customer"] for each in documents))
    documents.sort(key=lambda each: (each["record"] not in apart and each["agreed"], each["number"]))
    return {
        "day": day,
        "currency": currency,
        "totals": totals[0] if totals else None,
        "variances": [variance_line(each) for each in variances],
        "documents": [each | {"customer": names.get(each["customer"], "")} for each in documents[:MOST]],
        "of": len(documents),
        "signed": [_signed(each) for each in find(store, Signature, Filters(day=day), EVERYTHING)],
    }


def _signed(word: Signature) -> dict[str, str]:
    return {"who": word.who, "at": word.at.isoformat(), "why": word.why}


def reconciled(store: Store) -> list[dict[str, Any]]:
    """The newest nights that were reconciled or signed; those that need a person first."""
    found = nights(store)
    wanted = [each for each in found if each.differs or each.changed]
    shown = [*wanted, *(each for each in found[:NIGHTS] if each not in wanted)]
    return [
        {
            "night": each.night,
            "differs": each.differs,
            "says": each.made.says if each.made else "",
            "at": each.made.at.isoformat() if each.made else "",
            "signed": each.signed.who if each.signed else "",
            "changed": list(each.changed),
        }
        for each in shown
    ]


def _document(row: dict[str, Any], day: str, currency: str) -> dict[str, Any] | None:
    """One invoice as both sides state it; None where neither counts it on this day."""
    stated = {side: _stated(row[side.value], day, currency) for side in Side}
    if not any(stated.values()):
        return None
    crm, erp = stated[Side.CRM], stated[Side.ERP]
    agreed = crm is not None and erp is not None and crm[1] == erp[1]
    number = (erp or crm or ("", Decimal(0)))[0]
    return {
        "record": row["record"],
        "number": number or row["record"],
        "customer": row["key"].split("|")[3],
        "crm": plain(crm[1]) if crm else None,
        "erp": plain(erp[1]) if erp else None,
        "difference": plain((crm[1] if crm else Decimal(0)) - (erp[1] if erp else Decimal(0))),
        "agreed": agreed,
    }


def _stated(side: str | None, day: str, currency: str) -> tuple[str, Decimal] | None:
    """A side's number and total of a posted invoice of this day; None where it states none."""
    state = orjson.loads(side) if side else {}
    fields = state.get("fields") or {}
    if not state.get("ref") or state.get("deleted") or fields.get("status") not in POSTED:
        return None
    if (fields.get("date"), fields.get("currency")) != (day, currency):
        return None
    return str(fields.get("number") or ""), exact(fields.get("total") or "0")
