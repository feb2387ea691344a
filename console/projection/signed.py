"""Signed nights: what the stream counts of them now, against what people put their names to.

In: signatures, totals, the workers' rows of payments and credit notes. Out: nights that have changed. Invariant: a
night is judged by rows that were read after it was signed, or not by them: older ones would tell changes that are none.
"""

from __future__ import annotations

from collections.abc import Collection

import orjson

from agents.rules.postings import AMOUNTS, counts, kind
from agents.rules.signing import Stirred, stirred
from console.projection.listing import EVERYTHING, find
from console.projection.store import Store
from schemas.audit import PaperKind, Signature, Sum, Tally
from schemas.money import exact
from schemas.names import Entity
from schemas.totals import Total

ROWS = "tables.accounts"
_SETTLED = (
    "SELECT record, json_extract(body, '$.erp.fields') AS fields FROM states WHERE drawer = 'accounts.r'"
    " AND record >= ? AND record < ? AND json_extract(body, '$.erp.ref') IS NOT NULL"
    " AND NOT json_extract(body, '$.erp.deleted')"
    " AND json_extract(body, '$.erp.fields.date') IN (SELECT value FROM json_each(?))"
)


def settled(store: Store, nights: Collection[str]) -> dict[str, list[Tally]]:
    """What the stream has of the payments, credit notes and refunds of some nights, by night."""
    wanted = orjson.dumps(sorted(nights)).decode()
    found: dict[tuple[str, str, PaperKind], Sum] = {}
    for entity in (Entity.PAYMENT, Entity.CREDIT_NOTE):
        for row in store.rows(_SETTLED, [f"{entity.value}:", f"{entity.value};", wanted]):
            fields = orjson.loads(row["fields"])
            if counts(entity, fields):
                key = (fields["date"], fields.get("currency") or "", kind(entity, fields))
                amount = exact(fields.get(AMOUNTS[entity]) or "0")
                before = found.get(key, Sum())
                found[key] = Sum(count=before.count + 1, total=before.total + amount)
    told: dict[str, list[Tally]] = {night: [] for night in nights}
    for (night, currency, what), each in sorted(found.items()):
        told[night].append(Tally(currency=currency, kind=what, stream_erp=each))
    return told


def changed(store: Store) -> list[Stirred]:
    """The signed nights of which the stream counts something else since."""
    signed = find(store, Signature, limit=EVERYTHING)
    if not signed:
        return []
    read = store.as_of([ROWS])
    nights = [each.night for each in signed if read is not None and each.heard is not None and each.at <= read]
    return stirred(signed, find(store, Total, limit=EVERYTHING), settled(store, nights) if nights else {})
