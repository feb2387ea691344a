"""Contrast: two replays of one history, and where they part.

In: the replay under today's contract and under another. Out: verdicts, writes and totals that differ, in counts and in
money, with examples. Pure; sorted, so that it is the same whenever it is made.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from agents.rehearsal import Asked, Rehearsal
from schemas.money import exact, rounded
from schemas.names import Entity, Side
from schemas.verdict import Verdict
from schemas.wire import encode

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parting:
    """One record and field on which the two part: what each came to, the last of its verdicts or writes."""

    record: str
    label: str
    field: str
    today: dict[str, Any] | None
    new: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Group:
    """What differs of one kind: how often it is so today and under the other contract, and the records."""

    name: str
    today: int
    new: int
    partings: tuple[Parting, ...] = ()


@dataclass(frozen=True, slots=True)
class Sum:
    """The invoices that a side counts in one currency, under each contract."""

    currency: str
    side: str
    today: Decimal
    new: Decimal
    today_invoices: int
    new_invoices: int

    @property
    def difference(self) -> Decimal:
        """New minus today."""
        return self.new - self.today


@dataclass(frozen=True, slots=True)
class Contrast:
    """All that differs. `estimated`: an invoice is among the sums whose tax only the ERP would know."""

    verdicts: tuple[Group, ...] = ()
    writes: tuple[Group, ...] = ()
    totals: tuple[Sum, ...] = ()
    asked: tuple[Sum, ...] = ()
    estimated: bool = False
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Whether both contracts come to the same."""
        return not (self.verdicts or self.writes or self.asked or any(each.difference for each in self.totals))


def contrast(today: Rehearsal, new: Rehearsal) -> Contrast:
    """Compare two replays."""
    return Contrast(
        verdicts=_groups(_verdicts(today), _verdicts(new)),
        writes=_groups(_writes(today), _writes(new)),
        totals=_sums(_totals(today), _totals(new)),
        asked=tuple(each for each in _sums(_asked(today), _asked(new)) if each.today != each.new),
        estimated=bool(today.unstated or new.unstated),
        counts={
            "verdicts": (len(today.verdicts), len(new.verdicts)),
            "writes": (len(today.asked), len(new.asked)),
        },
    )


@dataclass(slots=True)
class _Lane:
    """What one replay said of one record and field, in order."""

    label: str
    said: list[dict[str, Any]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


def _verdicts(rehearsal: Rehearsal) -> dict[Key, _Lane]:
    def said(verdict: Verdict) -> dict[str, Any]:
        names = ("ruling", "rule", "reason", "baseline", "crm", "erp", "chosen")
        return {name: getattr(verdict, name) for name in names}

    return _lanes(
        rehearsal.verdicts.values(),
        key=lambda each: (each.entity.value, each.record, each.field),
        label=lambda each: each.label,
        said=said,
        group=lambda each: f"{each.entity.value} {each.field}".strip() + f": {each.ruling} by {each.rule}",
    )


def _writes(rehearsal: Rehearsal) -> dict[Key, _Lane]:
    steps = [(asked, name) for asked in rehearsal.asked for name in _written(asked)]
    return _lanes(
        steps,
        key=lambda each: (each[0].command.entity.value, each[0].command.record, each[1], each[0].command.platform),
        label=lambda each: each[0].label,
        said=lambda each: {
            "platform": each[0].command.platform,
            "kind": each[0].command.kind,
            "value": each[0].command.fields if not each[1] else each[0].command.fields[each[1]],
        },
        group=lambda each: " ".join(
            part
            for part in (each[0].command.kind, each[0].command.platform, each[0].command.entity.value, each[1])
            if part
        ),
    )


def _written(asked: Asked) -> Iterable[str]:
    """A create counts as a whole, an update by its fields."""
    if asked.refused:
        return ()
    return [""] if asked.command.kind == "create" else sorted(asked.command.fields)


def _lanes(
    items: Iterable[Any],
    *,
    key: Callable[[Any], Key],
    label: Callable[[Any], str],
    said: Callable[[Any], dict[str, Any]],
    group: Callable[[Any], str],
) -> dict[Key, _Lane]:
    lanes: dict[Key, _Lane] = {}
    for item in items:
        lane = lanes.setdefault(key(item), _Lane(label(item)))
        lane.said.append(said(item))
        lane.groups.append(group(item))
    return lanes


def _groups(today: dict[Key, _Lane], new: dict[Key, _Lane]) -> tuple[Group, ...]:
    """What differs, by what it is. A record counts where what was said of it differs, in words or in number."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    partings: dict[str, list[Parting]] = defaultdict(list)
    for key in sorted(today.keys() | new.keys()):
        pair = today.get(key), new.get(key)
        said = [[encode(each) for each in lane.said] if lane else [] for lane in pair]
        if said[0] == said[1]:
            continue
        extra = [Counter(_only(lane, said[1 - place])) if lane else Counter() for place, lane in enumerate(pair)]
        lane = pair[1] or pair[0]
        last = [each.said[-1] if each else None for each in pair]
        parting = Parting(key[1], lane.label if lane else key[1], key[2], *last)
        for name in sorted(extra[0].keys() | extra[1].keys()):
            counts[name][0] += extra[0][name]
            counts[name][1] += extra[1][name]
            partings[name].append(parting)
    return tuple(Group(name, both[0], both[1], tuple(partings[name])) for name, both in sorted(counts.items()))


def _only(lane: _Lane, others: list[bytes]) -> list[str]:
    """The groups of what only this replay said."""
    left = Counter(others)
    found = []
    for each, name in zip(lane.said, lane.groups, strict=True):
        mark = encode(each)
        if left[mark]:
            left[mark] -= 1
        else:
            found.append(name)
    return found


Money = dict[tuple[str, str], tuple[Decimal, int]]


def _totals(rehearsal: Rehearsal) -> Money:
    """What the reconciliation counts in the end, by currency and side."""
    found: Money = {}
    for total in rehearsal.totals.values():
        amount, count = found.get((total.currency, total.side.value), (Decimal(0), 0))
        found[total.currency, total.side.value] = (amount + total.total, count + total.invoices)
    return found


def _asked(rehearsal: Rehearsal) -> Money:
    """What the invoices come to that the ERP is asked for, before tax."""
    found: Money = {}
    for asked in rehearsal.asked:
        command = asked.command
        if asked.refused or (command.entity, command.side, command.kind) != (Entity.INVOICE, Side.ERP, "create"):
            continue
        currency = str(command.fields["currency"])
        amount, count = found.get((currency, command.side.value), (Decimal(0), 0))
        found[currency, command.side.value] = (amount + _worth(command.fields, currency), count + 1)
    return found


def _worth(fields: dict[str, Any], currency: str) -> Decimal:
    return rounded(
        sum(
            (
                exact(line["quantity"])
                * exact(line["unit_price"])
                * (100 - exact(line.get("discount_percent") or 0))
                / 100
                for line in fields.get("lines") or ()
            ),
            Decimal(0),
        ),
        currency,
    )


def _sums(today: Money, new: Money) -> tuple[Sum, ...]:
    nothing = (Decimal(0), 0)
    pairs = ((key, today.get(key, nothing), new.get(key, nothing)) for key in sorted(today.keys() | new.keys()))
    return tuple(Sum(*key, before[0], after[0], before[1], after[1]) for key, before, after in pairs)
