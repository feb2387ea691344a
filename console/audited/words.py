"""The words that all forms of an audit share: the verdict, what a document is called, what a repair says."""

from __future__ import annotations

from collections import Counter

from console.output import moment, money_text
from schemas.audit import Audit, Discrepancy, Shown, Sum, Tally

NAMES = {"hubspot": "HubSpot", "xero": "Xero"}
REPAIR = "revmark repair"
SHORT = 8  # digits of an id that people type; two variances of a night that share them would be a marvel


def verdict(audit: Audit) -> str:
    """The one sentence that is read first."""
    day = f"Night of {audit.night}"
    if audit.alarms and audit.signed is not None:
        day = f"ALARM: this night was signed by {audit.signed.who} and has changed since. {day}"
    elif audit.stirred:
        count = len(audit.stirred)
        day = f"ALARM: {_many(count, 'other signed night')} {'has' if count == 1 else 'have'} changed since. {day}"
    part = " Not all could be read: see below." if audit.gaps else ""
    if not audit.discrepancies:
        behind = ", and the stream is behind them" if any(each.behind for each in audit.tallies) else ""
        if "hubspot" not in audit.against:
            return f"{day}: {_counted(audit, behind)}.{part}"
        if audit.gaps:
            return f"{day}: no difference in what could be read, and not all could be read."
        return f"{day}: the books agree{behind}. {_billed(audit)}."
    apart = ", ".join(f"{currency} {money_text(amount, currency)}" for currency, amount in audit.apart() if amount)
    count = len(audit.discrepancies)
    found = f"{_many(count, 'variance')}{f', {apart} apart' if apart else ''}"
    return f"{day}: {found}. {_who(audit)}.{part}"


def _counted(audit: Audit, behind: str) -> str:
    """Where the CRM has no invoices: what was counted, and what that was compared with."""
    against = f"Only the stream's totals were compared with them{behind}" if audit.against else "Nothing was compared"
    return f"{_billed(audit)} in Xero. {against}: by the contract HubSpot keeps no invoices"


def _billed(audit: Audit) -> str:
    sums = [(each.currency, each.erp) for each in audit.tallies if each.kind == "invoice" and each.erp is not None]
    if not sums:
        return "Nothing was billed"
    there = ", ".join(f"{currency} {money_text(each.total, currency)}" for currency, each in sums)
    count = sum(each.count for _, each in sums)
    return f"{_many(count, 'invoice')}, {there}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _who(audit: Audit) -> str:
    acts = Counter(each.mend.act for each in audit.discrepancies)
    needs = "needs" if acts["person"] == 1 else "need"
    words = {"read": "can be repaired by Revmark", "person": f"{needs} a person", "wait": "should come by itself"}
    return "; ".join(f"{acts[act]} {words[act]}" for act in ("read", "person", "wait") if acts[act])


def repair(each: Discrepancy) -> str:
    """What to do about one difference."""
    command = f". Next: {REPAIR} {each.id[:SHORT]}" if each.mend.act == "read" else ""
    return f"{each.mend.says}{command}"


def sides(each: Discrepancy) -> list[tuple[str, Shown | None]]:
    """A difference's documents, by where they are; against the stream there is one platform only."""
    both = [("HubSpot", each.crm), ("Xero", each.erp)]
    return [(name, shown) for name, shown in both if shown is not None or each.figure != "stream"]


def document(shown: Shown | None) -> str:
    """A document in one line."""
    if shown is None:
        return "no such document"
    amount = "" if shown.amount is None else f"{shown.currency} {money_text(shown.amount, shown.currency)}"
    parts = (shown.number, shown.day, amount, shown.status, shown.ref)
    return "  ".join(part for part in parts if part)


def kind(tally: Tally) -> str:
    """What a line of totals counts."""
    return f"{tally.kind.replace('_', ' ')}s"


def figures(found: Sum | None, currency: str) -> tuple[str, str]:
    """Count and total of a side."""
    return ("-", "-") if found is None else (str(found.count), money_text(found.total, currency))


def gap(tally: Tally) -> str:
    """What the sides differ by; empty where the CRM keeps no such documents."""
    if tally.crm is None or tally.erp is None:
        return "-"
    apart = tally.crm.total - tally.erp.total
    return "agreed" if not apart and tally.crm.count == tally.erp.count else money_text(apart, tally.currency)


def stream(tally: Tally) -> str:
    """What the stream says of a line."""
    if tally.stream_erp is None and tally.stream_crm is None:
        return "-"
    return "behind" if tally.behind else "agreed"


def reading(audit: Audit) -> str:
    """What was read, and what it took."""
    parts = [
        f"{_many(count, 'document')} from {NAMES.get(name, name)} in {_many(audit.calls.get(name, 0), 'call')}"
        for name, count in sorted(audit.documents.items())
    ]
    return ", ".join(parts)


def signature(audit: Audit) -> str:
    """Who signed, and when; empty where nobody has."""
    signed = audit.signed
    if signed is None:
        return ""
    why = f": {signed.why}" if signed.why else ""
    return f"Signed by {signed.who}, {moment(signed.at)} UTC{why}"
