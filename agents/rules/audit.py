"""The audit: both sides' documents of one day, compared; every difference classed, and named by its documents.

In: two lists of documents, what the contract keeps in the CRM, the time of the audit. Out: discrepancies. Invariants:
the order of the lists changes nothing; what the sums of a night differ by is made up of the documents that are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from agents.rules import mending
from agents.rules.gathering import Group, gather
from agents.rules.settlements import explain
from agents.rules.variances import ROUNDING_UNITS
from schemas.audit import Discrepancy, DiscrepancyClass, Figure, Paper, Settlement, Shown
from schemas.contract import Contract
from schemas.instants import to_millis
from schemas.money import minor_digits, plain
from schemas.names import Entity, digest

# From the ERP's change to HubSpot's record: polls come every two minutes, a connection that stood still tries again
# after fifteen, and then it has to catch up.
SETTLING = timedelta(minutes=30)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rules:
    """What an audit goes by. `fields`: what the contract keeps in the CRM of an invoice; none: it keeps no invoices.

    `prefix`: of the numbers that only Revmark gives.
    """

    night: str
    at: int
    settling: int
    fields: frozenset[str]
    prefix: str = ""

    @property
    def mirrored(self) -> bool:
        """Whether the CRM has a record of each posted invoice."""
        return bool(self.fields)


def rules(contract: Contract, night: str, at: datetime, settling: timedelta = SETTLING) -> Rules:
    """The rules under a contract."""
    clause = contract.clause(Entity.INVOICE)
    kept = clause is not None and clause.create.crm == "always"
    fields = frozenset(clause.fields) if clause is not None and kept else frozenset()
    return Rules(
        night, to_millis(at), settling // timedelta(milliseconds=1), fields, contract.invoice_defaults.number_prefix
    )


def audit(crm: Iterable[Paper], erp: Iterable[Paper], by: Rules) -> list[Discrepancy]:
    """Every difference between two lists of documents, in the order of their numbers."""
    if not by.mirrored:
        return []
    return [found for group in gather(crm, erp, by.prefix) for found in _judge(group, by)]


def _judge(group: Group, by: Rules) -> Iterator[Discrepancy]:
    erp, mirror = group.erp, group.mirrors[0] if group.mirrors else None
    for other in group.mirrors[1:]:
        if other.counted:
            said = f"HubSpot shows {_name(other)} twice: {other.ref} is the second record of it"
            yield _found(by, "duplicate", "document", other, erp, other.total, said)
    if mirror is None:
        yield from _unmirrored(group, by)
    elif erp is None:
        if mirror.counted:
            said = f"HubSpot shows {_name(mirror)}, and Xero has no such invoice"
            yield _found(by, "missing", "document", mirror, None, mirror.total, said)
    elif mirror.counted or erp.counted:
        yield from _compared(group, mirror, erp, by)


def _unmirrored(group: Group, by: Rules) -> Iterator[Discrepancy]:
    erp = group.erp
    if erp is None or not erp.counted:
        return
    if group.twin is not None:
        said = f"{_name(erp)} is in Xero twice: {group.twin.number} has the same customer, day, reference and total"
        yield _found(by, "duplicate", "document", None, erp, -erp.total, said, _named(group.twin))
    else:
        said = f"{_name(erp)} is posted in Xero and is not in HubSpot"
        yield _found(by, "missing", "document", None, erp, -erp.total, said)


def _compared(group: Group, crm: Paper, erp: Paper, by: Rules) -> Iterator[Discrepancy]:
    number = _name(erp)
    if crm.counted != erp.counted:
        gap = crm.total if crm.counted else -erp.total
        said = f"{number} is {erp.status} in Xero and {crm.status or 'without a status'} in HubSpot"
        yield _found(by, "void", "status", crm, erp, gap, said)
        return
    if crm.currency != erp.currency and "currency" in by.fields:
        said = f"{number} is in {erp.currency} in Xero and in {crm.currency or 'no currency'} in HubSpot"
        yield _found(by, "currency", "currency", crm, erp, -erp.total, said)
        return
    told = False
    if crm.total != erp.total and "total" in by.fields:
        told, gap = True, crm.total - erp.total
        said = f"{number} is {plain(erp.total)} in Xero and {plain(crm.total)} in HubSpot"
        yield _found(by, sized("amount", gap, erp.currency), "total", crm, erp, gap, said)
    if crm.day != erp.day and "date" in by.fields:
        said = f"{number} is of {erp.day} in Xero and of {crm.day or 'no day'} in HubSpot"
        here = (crm.total if crm.day == by.night else ZERO) - (erp.total if erp.day == by.night else ZERO)
        yield _found(by, "date", "date", crm, erp, ZERO if told else here, said)
    for figure in ("amount_paid", "amount_credited", "amount_due"):
        shown, stated = _held(crm, figure), _held(erp, figure)
        if figure not in by.fields or stated is None or shown == stated or (figure == "amount_due" and told):
            continue
        told, gap = True, (shown or ZERO) - stated
        kind, causes, said = explain(erp, figure, gap, group.dead)
        kind = sized(kind, gap, erp.currency)
        what = f"{figure.removeprefix('amount_')} on {number}: {plain(stated)} in Xero, {_text(shown)} in HubSpot"
        named = [_settled(each, erp) for each in causes]
        yield _found(by, kind, figure, crm, erp, gap, f"{what}{said}", named)


def sized(kind: DiscrepancyClass, gap: Decimal, currency: str) -> DiscrepancyClass:
    """`rounding` where a wrong amount is off by no more than two platforms' rounding, else as it is."""
    unit = Decimal(1).scaleb(-minor_digits(currency))
    return "rounding" if kind == "amount" and abs(gap) <= ROUNDING_UNITS * unit else kind


def _held(paper: Paper, figure: Figure) -> Decimal | None:
    return {"amount_paid": paper.paid, "amount_credited": paper.credited, "amount_due": paper.due}.get(figure)


def _late(crm: Paper | None, erp: Paper | None, by: Rules) -> bool:
    """Whether the ERP changed only now, and the CRM has not shown anything since: it is on its way."""
    newer = erp is not None and (crm is None or crm.modified < erp.modified)
    return newer and erp is not None and by.at - erp.modified < by.settling


def _found(
    by: Rules,
    kind: DiscrepancyClass,
    figure: Figure,
    crm: Paper | None,
    erp: Paper | None,
    gap: Decimal,
    said: str,
    causes: list[Shown] | None = None,
) -> Discrepancy:
    either = erp or crm
    if either is None:  # nobody asks so
        raise ValueError("a discrepancy of no document")
    # named by what differs, not by how it was met: the next audit of the night finds it again, late or not any more
    name = digest(by.night, kind, figure, *(each.ref if each else "" for each in (crm, erp)))
    if kind != "duplicate" and _late(crm, erp, by):
        kind, said = "late", f"{said}; Xero changed it only shortly before"
    return Discrepancy(
        id=name,
        night=by.night,
        kind=kind,
        figure=figure,
        currency=either.currency,
        difference=gap,
        crm=shown(crm) if crm is not None else None,
        erp=shown(erp) if erp is not None else None,
        causes=causes or [],
        says=said,
        mend=mending.mend(kind, figure, gap, crm, erp),
    )


def _named(*papers: Paper | None) -> list[Shown]:
    return [shown(each) for each in papers if each is not None]


def shown(paper: Paper) -> Shown:
    """A document as a report names it."""
    return Shown(
        ref=paper.ref, kind=paper.kind, number=paper.number, day=paper.day, currency=paper.currency,
        amount=paper.total, status=paper.status,
    )  # fmt: skip


def _settled(each: Settlement, erp: Paper) -> Shown:
    kind = each.record_kind or ("payment" if each.kind == "refund" else each.kind)
    return Shown(
        ref=f"xero/{kind}/{each.key}", kind=each.kind, number=each.number,
        day=each.day, currency=erp.currency, amount=each.amount, status="deleted" if each.dead else "received",
    )  # fmt: skip


def _name(paper: Paper) -> str:
    return f"invoice {paper.number or paper.ref}"


def _text(amount: Decimal | None) -> str:
    return "nothing" if amount is None else plain(amount)
