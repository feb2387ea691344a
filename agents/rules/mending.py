"""Mending: what puts a difference right, and who does it. Revmark never does what the contract keeps for people.

In: a class, the documents. Out: an act and words for people. Invariant: the machine only ever reads anew, so that the
contract decides what is written, through the lanes and the ledger; nothing in the ERP is made, voided or paid here.
"""

from __future__ import annotations

from decimal import Decimal

from schemas.audit import DiscrepancyClass, Figure, Mend, Paper


def mend(kind: DiscrepancyClass, figure: Figure, gap: Decimal, crm: Paper | None, erp: Paper | None) -> Mend:
    """The repair of one difference; who shows it adds the command that names it. `gap`: the CRM's less the ERP's."""
    if kind == "late":
        deleted = ", unless somebody deleted it there" if figure == "document" and crm is None else ""
        return Mend(act="wait", says=f"it is on its way{deleted}: look again in half an hour")
    if kind == "duplicate" and (figure == "document" or gap < 0):  # what HubSpot alone counts twice is read again
        return Mend(act="person", says=_twice(figure, crm, erp))
    if erp is None:
        where = crm.ref if crm is not None else "the record"
        return Mend(
            act="person",
            says=f"finance: enter the invoice in Xero if it was sold; else sales: delete {where} in HubSpot. Revmark "
            "makes no invoice that no deal asks for",
        )
    if crm is None:
        return Mend(
            act="read",
            says="Revmark reads it from Xero again, and makes it in HubSpot as the contract says. A "
            "record that somebody deleted there stays deleted: sales takes it out of HubSpot's recycle bin",
        )
    return Mend(act="read", says="Revmark reads both again, and the contract has Xero's values written to HubSpot")


def _twice(figure: Figure, crm: Paper | None, erp: Paper | None) -> str:
    if figure == "document":
        if crm is not None:
            return f"sales: delete {crm.ref} in HubSpot; the other record stays"
        return f"finance: void {erp.number if erp else 'it'} in Xero if it was entered twice"
    return "finance: look at the payments of this invoice in Xero, and delete the one that was entered twice"
