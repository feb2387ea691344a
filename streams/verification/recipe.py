"""The recipe: what this contract asks of a deal before it bills it. Pure.

In: a contract. Out: what the test deal has to say, and which of its figures HubSpot is to show. A contract under which
no deal becomes an invoice cannot be verified so, and the refusal names the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.contract import Contract
from schemas.errors import Refused
from schemas.names import Entity, Side

# What the test deal shows by itself: HubSpot dates a deal that is won.
SHOWN = frozenset({"currency", "lines", "amount", "name", "stage", "closed_at"})


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to put on the test records, and what to expect.

    `stage` makes the deal an order, and says that it was shipped where the contract bills then; `quantities`: the line
    says so. `company` and `deal` are properties. `drafted`: finance posts the invoice, and here the verification does.
    `fields` are those that HubSpot shows of a kind; none of the invoice where it is not mirrored.
    """

    stage: str
    quantities: bool
    company: Mapping[str, str]
    deal: Mapping[str, str]
    drafted: bool
    inclusive: bool
    fields: Mapping[Entity, frozenset[str]]


def recipe(contract: Contract, name: str) -> Recipe:
    """What it takes to be billed under a contract; `name` is what the test deal is called.

    Raises:
        Refused: no deal is billed under it, or only with what a test deal does not have.
    """
    timing, company = contract.timing, contract.clause(Entity.COMPANY)
    if timing.invoice_when == "never":
        raise _not("timing.invoice_when: never bills no deal: the invoices are made by hand, in the ERP")
    if company is None or company.create.erp == "never":
        raise _not(
            "entities.company.create.erp is never: a company of the CRM's is not made in the ERP, and not billed"
        )
    if Entity.DEAL not in contract.entities:
        raise _not("entities has no deal")
    if not timing.order_when_deal_stage and not timing.shipped_when_deal_stage:
        raise _not("timing names no stage in which a deal becomes an order")
    waits = timing.invoice_when == "shipped"
    stages = (timing.shipped_when_deal_stage if waits else ()) or timing.order_when_deal_stage
    said = contract.subsidiary
    whose = {said.crm: said.name} if said is not None else {}
    return Recipe(
        stage=(stages or timing.shipped_when_deal_stage)[0],
        quantities=waits and not timing.shipped_when_deal_stage,
        company=whose,
        deal={**whose, **_required(contract, name)},
        drafted=contract.invoice_defaults.status != "posted",
        inclusive=contract.invoice_defaults.line_amounts == "Inclusive",
        fields={each: _fields(contract, each) for each in (Entity.COMPANY, Entity.DEAL, Entity.INVOICE)},
    )


def _required(contract: Contract, name: str) -> dict[str, str]:
    """The deal's own fields without which it is no order, filled with its name."""
    mapped, found = contract.mapped(Entity.DEAL), dict[str, str]()
    for each in contract.required.get(Entity.ORDER, ()):
        if each in mapped and mapped[each].kind == "text":
            found[mapped[each].on(Side.CRM).at] = name
        elif each not in SHOWN:
            raise _not(f"required.order wants {each}, which a test deal cannot make up")
    return found


def _fields(contract: Contract, entity: Entity) -> frozenset[str]:
    clause = contract.clause(entity)
    if clause is None or (entity is Entity.INVOICE and clause.create.crm != "always"):
        return frozenset()
    return frozenset(clause.fields)


def _not(why: str) -> Refused:
    return Refused(
        f"this contract cannot be verified with a test deal: {why}. Nothing was made. "
        "Next: revmark check, and revmark plan, write nothing and look at the rest",
        code="contract",
    )
