"""Earnings: what the ERP's documents earned, shown in the CRM as records, where the contract chooses an object for it.

A document has a record for each part of it and each share of a part; its key follows from the ERP's ids and the share's
place, so that it is the same whoever asks and whenever. A record is said anew, whole, whenever it differs from what was
last told, and never otherwise. What counts no more is zero and void; nothing is ever deleted. See ADR 29.

After each finding the documents are looked at that it may have changed: itself; with an invoice what settles it; with a
deal what was billed by it; and all of the customer's when its company or person in the CRM is another, or a touch of
it. Documents do not change customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agents.rules import instead
from agents.rules.case import Case
from agents.rules.postings import KINDS
from agents.rules.records import INVOICE, home, nothing, record, records, touches
from schemas.contract.objects import RevenueObject
from schemas.money import Money
from schemas.names import Entity, Side, record_id
from schemas.wire import fingerprint
from tables.entities import EntityState

RULE = "revenue"
# What the rule means, in a sentence for people.
SAYS = {RULE: "The contract has what the ERP's documents earned shown in the CRM; only the ERP's documents change it."}
MARK = "earned"  # of a document, a deal and a company: which records and documents hang on it


def hear(case: Case, state: EntityState, side: Side) -> None:
    """Note that a record was heard of."""
    if case.contract.platforms.objects.revenue is None:
        return
    if (state.entity in KINDS and side is Side.ERP) or (state.entity is Entity.DEAL and side is Side.CRM):
        case.earned.setdefault(state.id, False)
    elif state.entity in {Entity.COMPANY, Entity.CONTACT}:
        case.earned.setdefault(case.customer.id, False)


def made(case: Case, state: EntityState) -> None:
    """Note that the customer was made in the CRM, or a person of it, or was refused: what waited for it goes on."""
    if case.contract.platforms.objects.revenue is not None and state.entity in {Entity.COMPANY, Entity.CONTACT}:
        case.earned[case.customer.id] = True


def look(case: Case) -> None:
    """Say of every document that may have changed what it earned."""
    wanted = case.contract.platforms.objects.revenue
    if wanted is None or not case.earned:
        return
    found: dict[str, None] = {}
    for name, anew in case.earned.items():
        found |= dict.fromkeys(_documents(case, wanted, case.known(name), anew=anew))
    for each in found:
        _tell(case, wanted, case.known(each))


def applied(state: EntityState) -> None:
    """What was asked for is there."""
    if "telling" in state.marks:
        state.marks["told"] = state.marks.pop("telling")


def written(state: EntityState, ref: str) -> None:
    """What was asked for is there, but for a link of it that was refused."""
    if "telling" in state.marks:
        state.crm.ref = ref
        links = (state.marks.get("told") or {"links": {}})["links"]
        state.marks["told"] = {"mark": state.marks["telling"]["mark"], "links": links}


def retried(state: EntityState) -> None:
    """A person says that what was refused may pass now."""
    if state.entity is Entity.REVENUE:
        state.marks.pop("telling", None)


def settle(case: Case, state: EntityState) -> None:
    """Ask for a record that differs from what was last told of it."""
    wanted = state.marks.get("wanted")
    if wanted is None or case.contract.platforms.objects.revenue is None or state.flights["crm"]:
        return
    if _awaited(case) or _person_made_now(case):
        return  # it is looked at again when that has been answered, and written once with both
    fields, by = instead.applied(state, Side.CRM, wanted["fields"])
    links, mark = _links(case, wanted["deal"]), fingerprint(fields)
    telling, told = {"mark": mark, "links": links}, state.marks.get("told") or {"mark": "", "links": {}}
    same = told["mark"] == mark
    if state.marks.get("telling") == telling or (same and links.items() <= told["links"].items()):
        return  # the CRM has refused just this, or shows it
    reason = f"{fields['subject']} earned {fields['amount']} {fields['currency']}"
    command = case.command(
        state, Side.CRM, "update" if same else "create", {} if same else fields, reason=reason, rules=(RULE,),
        natural_key=wanted["key"], links=links, tier=3 if case.first else None,
    )  # fmt: skip
    state.marks["telling"] = telling
    money = Money(amount=fields["amount"], currency=fields["currency"]) if fields["currency"] else None
    case.verdict(state, "", "create", RULE, reason, written_to=Side.CRM, command=command, by=by, money=money)


# which documents


def _documents(case: Case, wanted: RevenueObject, state: EntityState, *, anew: bool) -> Iterable[str]:
    """The documents that hang on what was heard of."""
    if state.entity in KINDS:
        return _enter(case, state)
    known = state.marks.get(MARK)
    if known is None:
        return ()  # it has no documents yet
    if state.entity is Entity.DEAL:
        mark = fingerprint([_deal_ref(state), touches(case, wanted, state)])
        found: Iterable[str] = known["documents"]
    else:
        person = case.known(case.customer.person).crm if case.customer.person else None
        refs = [case.customer.crm, person.ref if person is not None and person.present else None]
        mark = fingerprint([*refs, _awaited(case), touches(case, wanted, state)])
        found = _chain(case, known["last"])
    if known["mark"] == mark and not anew:
        return ()
    state.marks[MARK] = {**known, "mark": mark}
    return found


def _enter(case: Case, state: EntityState) -> list[str]:
    """A document, which is entered once among its customer's, and with it what settles it."""
    if MARK not in state.marks:
        company = case.company()
        known = company.marks.get(MARK) or {"last": None, "mark": ""}
        state.marks[MARK] = {"before": known["last"], "records": []}
        company.marks[MARK] = {**known, "last": state.id}
    for each in _settled(state):
        place = home(case, each)
        place.marks["hanging"] = list(dict.fromkeys([*place.marks.get("hanging", ()), state.id]))
    if state.entity is not Entity.INVOICE or state.erp.ref is None:
        return [state.id]
    place = home(case, record_id(state.erp.ref))
    place.marks[INVOICE] = state.id
    return [state.id, *place.marks.get("hanging", ())]


def _chain(case: Case, last: str | None) -> Iterator[str]:
    """All documents of the customer: each knows the one before it."""
    while last is not None:
        yield last
        last = case.known(last).marks[MARK]["before"]


def _settled(state: EntityState) -> list[str]:
    """The ERP's ids of what a payment or a credit note settles."""
    fields = state.erp.fields
    if state.entity is Entity.PAYMENT and fields.get("document"):
        return [fields["document"]]
    return [each["invoice"] for each in fields.get("allocations") or ()]


# what they earned


def _tell(case: Case, wanted: RevenueObject, document: EntityState) -> None:
    """Say what a document earned, record by record; those that it has no more are void."""
    if document.erp.ref is None:
        return
    known = document.marks[MARK]
    found = {each.key: each for each in records(case, wanted, document)}
    for each in found.values():
        state = record(case, each.key)
        state.marks["wanted"] = {"key": each.key, "fields": each.fields, "deal": each.deal}
        state.related = {document.entity.value: document.id, **({"deal": each.deal} if each.deal else {})}
        case.touch(state.id)
        if each.deal:
            _hang(case.known(each.deal), document.id)
    gone = [key for key in known["records"] if key not in found]
    document.marks[MARK] = {**known, "records": [*found, *gone]}
    for key in gone:
        state = record(case, key)
        before = state.marks["wanted"]
        state.marks["wanted"] = {**before, "fields": nothing(before["fields"])}
        case.touch(state.id)


# to whom they belong


def _hang(deal: EntityState, document: str) -> None:
    known = deal.marks.get(MARK) or {"documents": [], "mark": ""}
    if document not in known["documents"]:
        deal.marks[MARK] = {**known, "documents": [*known["documents"], document]}


def _links(case: Case, deal: str | None) -> dict[str, str]:
    """What a record is associated with, as far as the CRM has it."""
    found: dict[str, str | None] = {"company": case.customer.crm}
    if deal is not None:
        found["deal"] = _deal_ref(case.known(deal))
    if case.customer.person is not None:
        person = case.known(case.customer.person).crm
        found["contact"] = person.ref if person.present else None
    return {role: ref for role, ref in found.items() if ref}


def _deal_ref(deal: EntityState) -> str | None:
    return deal.crm.ref if deal.crm.present else None


def _awaited(case: Case) -> bool:
    """Whether the customer is about to be known in the CRM, or to be made there."""
    company, clause = case.company(), case.contract.clause(Entity.COMPANY)
    made = clause is not None and clause.create.crm == "always" and company.crm.ref is None
    return made and not (company.erp.deleted or company.marks.get("apart") or "*" in company.blocked["crm"])


def _person_made_now(case: Case) -> bool:
    person = case.known(case.customer.person) if case.customer.person else None
    return person is not None and any(each.kind == "create" for each in person.flights["crm"])
