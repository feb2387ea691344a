"""I16: what automations have told, counted at the platforms: of each cause once, at rest of every cause, and no other.

In: Xero's invoices, HubSpot's tasks and custom events, and the log of what we wrote onto its companies. What belongs to
customers that people ended is theirs to look at, unless it is told twice.
"""

from __future__ import annotations

from collections import Counter

from tests.simulation.checks.resting import AGAIN
from tests.simulation.trade import TOLD
from tests.simulation.witness import Row, Witness

THANKS = "Thank for "
LONG_AGO = "2026-08-20"  # a due date up to this day is later than any story's automations wait


def told_twice(witness: Witness) -> list[str]:
    """Tasks of one cause of which there are two, and more of credit holds than there were changes of any."""
    found = [f"{count} tasks: {subject}" for subject, count in _about_invoices(witness).items() if count > 1]
    holds = [each for each in _subjects(witness) if each.startswith(("Held ", "Freed "))]
    deeds = sum(scene.what == "erp_hold" for scene in witness.world.story.scenes)
    if not witness.world.story.holds(*AGAIN):
        found += [f"told_paid is set {count} times to {value}" for value, count in _set(witness).items() if count > 1]
    found += [f"{count} events: paid {number}" for number, count in _sent(witness).items() if count > 1]
    return found + ([f"{len(holds)} tasks of {deeds} changes of credit holds"] if len(holds) > deeds else [])


def untold(witness: Witness) -> list[str]:
    """Invoices that are paid or late and of which nobody was told."""
    if not _telling(witness):
        return []
    told, found = _about_invoices(witness), []
    for row in witness.finance.invoices():
        if row["_contact"] in witness.ended_ids:
            continue
        found += [f"nobody was told: {subject}" for subject in _causes(row) if subject not in told]
        if _paid(row) and row["InvoiceNumber"] not in _set(witness):
            found.append(f"told_paid was never set to {row['InvoiceNumber']}")
        if _paid(row) and row["InvoiceNumber"] not in _sent(witness):
            found.append(f"no event says that {row['InvoiceNumber']} is paid")
    return found


def untrue(witness: Witness) -> list[str]:
    """Tasks of what is not paid, and thanks to those who had never agreed to them."""
    paid = {f"Paid {row['InvoiceNumber']}" for row in witness.finance.invoices() if _paid(row)}
    found = [each for each in _about_invoices(witness) if each.startswith("Paid ") and each not in paid]
    found += [f"an event says that {number} is paid" for number in _sent(witness) if f"Paid {number}" not in paid]
    return found + [
        f"thanked without consent: {number}" for number in sorted(_thanked(witness) - _may_be_thanked(witness))
    ]


def _thanked(witness: Witness) -> set[str]:
    return {each.removeprefix(THANKS) for each in _subjects(witness) if each.startswith(THANKS)}


def _may_be_thanked(witness: Witness) -> set[str]:
    """Numbers of the invoices of whoever has ever agreed, in HubSpot's own log; of those whom people ended as well."""
    agreed = {
        row.id
        for row in witness.world.platforms.portal.writes.writes
        if row.resource == "companies" and isinstance(row.body, dict)
        and row.body.get("properties", row.body).get("agreed") == "yes"
    }  # fmt: skip
    companies = witness.sales.records("companies")
    contacts = {row["properties"].get("xero_contact_id") for row in companies if row["id"] in agreed}
    rows = witness.finance.invoices()
    return {row["InvoiceNumber"] for row in rows if row["_contact"] in contacts | witness.ended_ids}


def _telling(witness: Witness) -> bool:
    return len(witness.contract.automations) == len(TOLD)


def _causes(row: Row) -> list[str]:
    """What somebody has to be told of an invoice, as it is at rest."""
    number, due = row["InvoiceNumber"], str(row["DueDate"])[:10]
    late = row["Status"] == "AUTHORISED" and row["AmountDue"] > 0 and due <= LONG_AGO
    return ([f"Paid {number}"] if _paid(row) else []) + ([f"Late {number} {due}"] if late else [])


def _paid(row: Row) -> bool:
    return bool(row["Status"] == "PAID" and row["AmountPaid"] > 0)


def _subjects(witness: Witness) -> list[str]:
    return [str(row["properties"].get("hs_task_subject")) for row in witness.sales.records("tasks")]


def _about_invoices(witness: Witness) -> Counter[str]:
    return Counter(each for each in _subjects(witness) if each.startswith(("Paid ", "Late ", THANKS)))


def _sent(witness: Witness) -> Counter[str]:
    """The numbers of invoices that HubSpot was told of by an event, and how often that counts there."""
    events = witness.world.platforms.portal.custom_events.occurrences
    return Counter(each.properties["number"] for each in events if each.event == "invoice_paid")


def _set(witness: Witness) -> Counter[str]:
    """What our writes have set on companies, and how often."""
    log = witness.world.platforms.writes("hubspot")
    bodies = [row.body for row in log if row.resource == "companies" and isinstance(row.body, dict)]
    values = (body.get("properties", body) for body in bodies)
    return Counter(str(each["told_paid"]) for each in values if "told_paid" in each)
