"""Earnings: what the ERP's documents earned, and its payments, shown in the CRM as records, where the contract says so.

A document has a record of revenue for each part of it and each share of a part, and a payment one of its own; the key
follows from the ERP's ids and the share's place, so that it is the same whoever asks and whenever. A record is said
anew, whole, whenever it differs from what was last told, and never otherwise. What counts no more is zero and void;
nothing is ever deleted. See ADR 29 and 33.

After each finding the documents are looked at that it may have changed: itself; with an invoice what settles it; with a
deal what was billed by it; and all of the customer's when its company or person in the CRM is another, or a touch of
it. Documents do not change customers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from agents.rules import instead
from agents.rules.case import Case
from agents.rules.postings import KINDS
from agents.rules.receipts import receipts, undone
from agents.rules.records import INVOICE, Fields, Record, home, nothing, record, records, touches
from schemas.contract import Contract
from schemas.money import Money
from schemas.names import Entity, Side, record_id
from schemas.wire import fingerprint
from tables.entities import EntityState

RULES = {Entity.REVENUE: "revenue", Entity.RECEIPT: "receipt"}  # the rule that writes each kind of record
# What the rules mean, in a sentence for people.
SAYS = {
    "revenue": "The contract has what the ERP's documents earned shown in the CRM; only the ERP's documents change it.",
    "receipt": "The contract has the ERP's payments shown in the CRM as records; only the ERP changes them.",
}
MARK = "earned"  # of a document, a deal and a company: which records and documents hang on it
SHELVES = {Entity.REVENUE: "records", Entity.RECEIPT: "receipts"}  # where a document keeps the keys of its records


def shows(contract: Contract, entity: Entity) -> bool:
    """Whether the contract chooses an object for a kind of record."""
    objects = contract.platforms.objects
    return (objects.revenue if entity is Entity.REVENUE else objects.payment) is not None


def hear(case: Case, state: EntityState, side: Side) -> None:
    """Note that a record was heard of."""
    if not _any(case):
        return
    document = state.entity in KINDS and side is Side.ERP
    if document or (state.entity is Entity.DEAL and side is Side.CRM) or _mirrors(case, state, side):
        case.earned.setdefault(state.id, False)
    elif state.entity in {Entity.COMPANY, Entity.CONTACT}:
        case.earned.setdefault(case.customer.id, False)


def made(case: Case, state: EntityState) -> None:
    """Note that a customer, its person or a mirror was made in the CRM, or was refused: what waited for it goes on."""
    if not _any(case):
        return
    if state.entity in {Entity.COMPANY, Entity.CONTACT}:
        case.earned[case.customer.id] = True
    elif _mirrors(case, state, Side.CRM):
        case.earned[state.id] = True


def look(case: Case) -> None:
    """Say of every document that may have changed what it earned."""
    if not case.earned:
        return
    found: dict[str, None] = {}
    for name, anew in case.earned.items():
        found |= dict.fromkeys(_documents(case, case.known(name), anew=anew))
    for each in found:
        _tell(case, case.known(each))


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
    if state.entity in RULES:
        state.marks.pop("telling", None)


def settle(case: Case, state: EntityState) -> None:
    """Ask for a record that differs from what was last told of it."""
    wanted = state.marks.get("wanted")
    if wanted is None or not shows(case.contract, state.entity) or state.flights["crm"]:
        return
    if _awaited(case) or _made_now(case, case.customer.person) or _made_now(case, wanted.get("invoice")):
        return  # it is looked at again when that has been answered, and written once with both
    fields, by = instead.applied(state, Side.CRM, wanted["fields"])
    links, mark = _links(case, wanted), fingerprint(fields)
    telling, told = {"mark": mark, "links": links}, state.marks.get("told") or {"mark": "", "links": {}}
    same = told["mark"] == mark
    if state.marks.get("telling") == telling or (same and links.items() <= told["links"].items()):
        return  # the CRM has refused just this, or shows it
    rule, verb = RULES[state.entity], "earned" if state.entity is Entity.REVENUE else "comes to"
    reason = f"{fields['subject']} {verb} {fields['amount']} {fields['currency']}"
    command = case.command(
        state, Side.CRM, "update" if same else "create", {} if same else fields, reason=reason, rules=(rule,),
        natural_key=wanted["key"], links=links, tier=3 if case.first else None,
    )  # fmt: skip
    state.marks["telling"] = telling
    money = Money(amount=fields["amount"], currency=fields["currency"]) if fields["currency"] else None
    case.verdict(state, "", "create", rule, reason, written_to=Side.CRM, command=command, by=by, money=money)


# which documents


def _any(case: Case) -> bool:
    return any(shows(case.contract, entity) for entity in RULES)


def _mirrors(case: Case, state: EntityState, side: Side) -> bool:
    """Whether it is an invoice's mirror, with which its payments are associated."""
    invoice = state.entity is Entity.INVOICE and side is Side.CRM and state.erp.ref is not None
    return invoice and shows(case.contract, Entity.RECEIPT)


def _documents(case: Case, state: EntityState, *, anew: bool) -> Iterable[str]:
    """The documents that hang on what was heard of."""
    if state.entity in KINDS:
        return _enter(case, state)
    known = state.marks.get(MARK)
    if known is None:
        return ()  # it has no documents yet
    if state.entity is Entity.DEAL:
        mark = fingerprint([_ref(state), _touches(case, state)])
        found: Iterable[str] = known["documents"]
    else:
        person = case.known(case.customer.person).crm if case.customer.person else None
        refs = [case.customer.crm, person.ref if person is not None and person.present else None]
        mark = fingerprint([*refs, _awaited(case), _touches(case, state)])
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
    if shows(case.contract, Entity.RECEIPT):
        _say(case, document, Entity.RECEIPT, receipts(case, document), undone)


def _say(
    case: Case, document: EntityState, entity: Entity, wished: Iterable[Record], void: Callable[[Fields], Fields]
) -> None:
    """Ask for a document's records of a kind; those that it has no more are void."""
    shelf = SHELVES[entity]
    known, found = document.marks[MARK], {each.key: each for each in wished}
    for each in found.values():
        state = record(case, each.key, entity)
        ends = {"deal": each.deal, "invoice": each.invoice}
        state.marks["wanted"] = {"key": each.key, "fields": each.fields, **ends}
        state.related = {document.entity.value: document.id, **{role: end for role, end in ends.items() if end}}
        case.touch(state.id)
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


# to whom they belong


def _hang(deal: EntityState, document: str) -> None:
    known = deal.marks.get(MARK) or {"documents": [], "mark": ""}
    if document not in known["documents"]:
        deal.marks[MARK] = {**known, "documents": [*known["documents"], document]}


def _links(case: Case, wanted: Fields) -> dict[str, str]:
    """What a record is associated with, as far as the CRM has it."""
    found: dict[str, str | None] = {"company": case.customer.crm}
    ends = {"deal": wanted["deal"], "contact": case.customer.person, "invoice": wanted.get("invoice")}
    found |= {role: _ref(case.known(end)) for role, end in ends.items() if end is not None}
    return {role: ref for role, ref in found.items() if ref}


def _ref(state: EntityState) -> str | None:
    return state.crm.ref if state.crm.present else None


def _awaited(case: Case) -> bool:
    """Whether the customer is about to be known in the CRM, or to be made there."""
    company, clause = case.company(), case.contract.clause(Entity.COMPANY)
    made = clause is not None and clause.create.crm == "always" and company.crm.ref is None
    return made and not (company.erp.deleted or company.marks.get("apart") or "*" in company.blocked["crm"])


def _made_now(case: Case, name: str | None) -> bool:
    """Whether a record is being made in the CRM."""
    return name is not None and any(each.kind == "create" for each in case.known(name).flights["crm"])
