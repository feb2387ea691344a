"""Earnings: what the ERP's documents earned, and its payments, shown in the CRM as records, where the contract says so.

A document has a record of revenue for each part of it and each share of a part, and a payment one of its own; the key
follows from the ERP's ids and the share's place, so that it is the same whoever asks and whenever. What counts no more
is zero and void. How a record is told stands in `shown`. See ADR 29 and 33.

After each finding the documents are looked at that it may have changed: itself; with an invoice what settles it; with a
deal what was billed by it; and all of the customer's when its company or person in the CRM is another, or a touch of
it. Documents do not change customers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agents.rules import shown
from agents.rules.case import Case
from agents.rules.postings import KINDS
from agents.rules.receipts import receipts, undone
from agents.rules.records import INVOICE, home, nothing, record, records, touches
from agents.rules.shown import Fields, Record
from schemas.names import Entity, Side, record_id
from schemas.wire import fingerprint
from tables.entities import EntityState

MARK = "earned"  # of a document, a deal and a company: which records and documents hang on it
SHELVES = {Entity.REVENUE: "records", Entity.RECEIPT: "receipts"}  # where a document keeps the keys of its records


def hear(case: Case, state: EntityState, side: Side) -> None:
    """Note that a record was heard of, which documents may hang on."""
    if not _any(case):
        return
    document = state.entity in KINDS and side is Side.ERP
    if document or (state.entity is Entity.DEAL and side is Side.CRM) or shown.mirrors(case, state, side):
        case.shown.setdefault(state.id, False)


def look(case: Case) -> None:
    """Say of every document that may have changed what it earned."""
    if not (case.shown and _any(case)):
        return
    found: dict[str, None] = {}
    for name, anew in case.shown.items():
        found |= dict.fromkeys(_documents(case, case.known(name), anew=anew))
    for each in found:
        _tell(case, case.known(each))


# which documents


def _any(case: Case) -> bool:
    return any(shown.shows(case.contract, entity) for entity in SHELVES)


def _documents(case: Case, state: EntityState, *, anew: bool) -> Iterable[str]:
    """The documents that hang on what was heard of."""
    if state.entity in KINDS:
        return _enter(case, state)
    known = state.marks.get(MARK)
    if known is None:
        return ()  # it has no documents yet
    if state.entity is Entity.DEAL:
        mark = fingerprint([shown.there(state), _touches(case, state)])
        found: Iterable[str] = known["documents"]
    else:
        mark = fingerprint([*shown.whose(case), _touches(case, state)])
        found = shown.chain(case, MARK)
    if known["mark"] == mark and not anew:
        return ()
    state.marks[MARK] = {**known, "mark": mark}
    return found


def _enter(case: Case, state: EntityState) -> list[str]:
    """A document, which is entered once among its customer's, and with it what settles it."""
    shown.enter(case, state, MARK, records=[])
    for each in _settled(state):
        place = home(case, each)
        place.marks["hanging"] = list(dict.fromkeys([*place.marks.get("hanging", ()), state.id]))
    if state.entity is not Entity.INVOICE or state.erp.ref is None:
        return [state.id]
    place = home(case, record_id(state.erp.ref))
    place.marks[INVOICE] = state.id
    return [state.id, *place.marks.get("hanging", ())]


def _settled(state: EntityState) -> list[str]:
    """The ERP's ids of what a payment or a credit note settles."""
    fields = state.erp.fields
    if state.entity is Entity.PAYMENT and fields.get("document"):
        return [fields["document"]]
    return [each["invoice"] for each in fields.get("allocations") or ()]


# what they earned


def _touches(case: Case, state: EntityState) -> tuple[str, ...]:
    """What touched a deal or a company, if that is of account."""
    wanted = case.contract.platforms.objects.revenue
    return touches(case, wanted, state) if wanted is not None else ()


def _tell(case: Case, document: EntityState) -> None:
    """Say what a document earned, and of a payment what it is, record by record."""
    if document.erp.ref is None:
        return
    revenue = case.contract.platforms.objects.revenue
    if revenue is not None:
        _say(case, document, Entity.REVENUE, records(case, revenue, document), nothing)
    if shown.shows(case.contract, Entity.RECEIPT):
        _say(case, document, Entity.RECEIPT, receipts(case, document), undone)


def _say(
    case: Case, document: EntityState, entity: Entity, wished: Iterable[Record], void: Callable[[Fields], Fields]
) -> None:
    """Ask for a document's records of a kind; those that it has no more are void."""
    shelf = SHELVES[entity]
    known, found = document.marks[MARK], {each.key: each for each in wished}
    for each in found.values():
        shown.want(case, record(case, each.key, entity), each, document)
        if each.deal:
            _hang(case.known(each.deal), document.id)
    gone = [key for key in known.get(shelf, ()) if key not in found]
    if found or gone:
        document.marks[MARK] = {**known, shelf: [*found, *gone]}
    for key in gone:
        state = record(case, key, entity)
        before = state.marks["wanted"]
        state.marks["wanted"] = {**before, "fields": void(before["fields"])}
        case.touch(state.id)


def _hang(deal: EntityState, document: str) -> None:
    known = deal.marks.get(MARK) or {"documents": [], "mark": ""}
    if document not in known["documents"]:
        deal.marks[MARK] = {**known, "documents": [*known["documents"], document]}
