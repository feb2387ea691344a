"""Gathering: the documents of both sides that belong together, before anybody compares them.

In: two lists of documents. Out: groups, one for each invoice of the ERP with its mirrors, or for a mirror that
has none; and sums. Invariant: the order of the lists changes neither; every document is in one group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from agents.rules.numbering import numbered
from agents.rules.sealing import UNSEALED, joined, seal
from schemas.audit import PAPER_KINDS, Paper, PaperKind, Settlement, Sum, Tally
from schemas.names import Side


@dataclass(slots=True)
class Group:
    """One invoice. `twin`: another of the ERP's that looks like this one and is shown; `dead`: payments taken back."""

    erp: Paper | None = None
    mirrors: list[Paper] = field(default_factory=list)
    twin: Paper | None = None
    dead: list[Settlement] = field(default_factory=list)


def gather(crm: Iterable[Paper], erp: Iterable[Paper], prefix: str = "") -> Iterator[Group]:
    """The groups, in the order of their numbers and ids; numbers that begin so are ours, each given once."""
    groups: dict[str, Group] = {}
    numbers: dict[str, str] = {}
    for paper in sorted(erp, key=_order):
        if paper.kind == "invoice":
            groups[paper.key] = Group(paper)
            first = groups[numbers[paper.number]].erp if paper.number in numbers else None
            if first is None or (paper.counted and not first.counted):  # a deleted draft leaves its number to another
                numbers[paper.number] = paper.key
        elif paper.invoice and not paper.counted:
            settlement = Settlement(paper.kind, paper.key, paper.day, paper.total, paper.number, dead=True)
            groups.setdefault(paper.invoice, Group()).dead.append(settlement)
    for paper in sorted(crm, key=_order):
        known = groups[paper.key].erp if paper.key in groups else None
        key = paper.key if known else (numbers.get(paper.number, "") if paper.number else "")
        groups.setdefault(key or paper.key or paper.ref, Group()).mirrors.append(paper)
    _find_twins(groups, prefix)
    yield from sorted((each for each in groups.values() if each.erp or each.mirrors), key=_place)


def _order(paper: Paper) -> tuple[bool, str]:
    """Those that carry the ERP's id first, so that what only carries its number is the second mirror."""
    return not paper.key, paper.ref


def _place(group: Group) -> tuple[str, str]:
    shown = group.erp or group.mirrors[0]
    return shown.number, shown.ref


def _find_twins(groups: dict[str, Group], prefix: str) -> None:
    """An invoice that nobody mirrors, and that was entered a second time: one of the same customer, day and reference.

    Without a reference two equal sales of a day cannot be told from one that was entered twice. Bills that are both
    ours were entered by nobody: they are two deals, or two parts of one.
    """
    alike: dict[tuple[str, str, str, str, Decimal], Paper] = {}
    for group in groups.values():
        if group.erp is not None and group.erp.counted and group.mirrors:
            alike.setdefault(_likeness(group.erp), group.erp)
    for group in groups.values():
        if group.erp is not None and group.erp.counted and group.erp.reference and not group.mirrors:
            twin = alike.get(_likeness(group.erp))
            ours = prefix and twin and numbered(prefix, twin.number) and numbered(prefix, group.erp.number)
            group.twin = None if ours else twin


def _likeness(paper: Paper) -> tuple[str, str, str, str, Decimal]:
    return paper.customer, paper.day, paper.reference, paper.currency, paper.total


def sums(
    crm: Iterable[Paper], erp: Iterable[Paper], night: str, *, subsidiary: str = "", mirrored: bool = True
) -> list[Tally]:
    """What each side has of the night, by currency and kind of document.

    Payments, credit notes and refunds are the ERP's alone: the CRM keeps what they leave on each invoice.
    """
    found: dict[tuple[str, PaperKind], dict[Side, Sum]] = {}
    seals: dict[tuple[str, PaperKind, Side], str] = {}
    for paper in (*crm, *erp):
        if paper.counted and paper.day == night:
            sides = found.setdefault((paper.currency, paper.kind), {})
            before = sides.get(paper.side, Sum())
            sides[paper.side] = Sum(count=before.count + 1, total=before.total + paper.total)
            place = (paper.currency, paper.kind, paper.side)
            seals[place] = joined(seals.get(place, UNSEALED), seal(paper))
    return [
        Tally(
            currency=currency,
            subsidiary=subsidiary,
            kind=kind,
            crm=found[currency, kind].get(Side.CRM, Sum()) if kind == "invoice" and mirrored else None,
            erp=found[currency, kind].get(Side.ERP, Sum()),
            crm_seal=seals.get((currency, kind, Side.CRM), UNSEALED),
            erp_seal=seals.get((currency, kind, Side.ERP), UNSEALED),
        )
        for currency, kind in sorted(found, key=lambda each: (each[0], PAPER_KINDS.index(each[1])))
    ]
