"""Signing: what a person has put a name to, held against what is there now.

In: a signature, totals, documents. Out: what changed, in words; the documents that changed since. Invariant: a total
that moved either way, or came or went, is told; one that is as it was signed never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agents.rules.audit import shown
from schemas.audit import Paper, Shown, Signature, Sum, Tally
from schemas.instants import to_millis
from schemas.money import plain
from schemas.totals import Total

SIDES = (("crm", "HubSpot"), ("erp", "Xero"))


def alarms(signed: Signature, tallies: Iterable[Tally]) -> list[str]:
    """Each total that is not as it was signed."""
    return list(_changes(signed.tallies, tallies))


def stirred(signed: Iterable[Signature], totals: Iterable[Total]) -> list[str]:
    """Each signed night of which the stream counts what neither it nor the platform counted when it was signed.

    The platforms are not asked: a night that is named is to be reconciled again, which says what changed.
    """
    by_night: dict[str, list[Total]] = {}
    for each in totals:
        by_night.setdefault(each.day, []).append(each)
    found = ((each, list(_stirs(each, by_night.get(each.night, [])))) for each in signed)
    return [
        f"{word.night}, signed by {word.who}: {'; '.join(changes)}. Next: revmark reconcile --night {word.night}"
        for word, changes in sorted(found, key=lambda pair: pair[0].night)
        if changes
    ]


def _stirs(signed: Signature, totals: Iterable[Total]) -> Iterator[str]:
    before = {(each.currency, each.subsidiary): each for each in signed.tallies if each.kind == "invoice"}
    after = {(each.currency, each.subsidiary, each.side.value): each for each in totals}
    for key in sorted(before.keys() | {key[:2] for key in after}):
        for side, name in SIDES:
            now = after.get((*key, side))
            counts = Sum(count=now.invoices, total=now.total) if now is not None else Sum()
            was = [_sum(before.get(key), part) for part in (f"stream_{side}", side)]
            if counts not in was and not (key in before and getattr(before[key], f"stream_{side}") is None):
                what = f"{key[0]} invoices{f' of {key[1]}' if key[1] else ''} in {name}"
                yield f"{what}: signed {_text(was[1])}, the stream now counts {_text(counts)}"


def _changes(then: Iterable[Tally], now: Iterable[Tally]) -> Iterator[str]:
    before, after = ({(each.currency, each.subsidiary, each.kind): each for each in some} for some in (then, now))
    for key in sorted(before.keys() | after.keys()):
        currency, subsidiary, kind = key
        for side, name in SIDES:
            was, is_now = (_sum(some.get(key), side) for some in (before, after))
            if was != is_now:
                what = f"{currency} {kind.replace('_', ' ')}s{f' of {subsidiary}' if subsidiary else ''} in {name}"
                yield f"{what}: signed {_text(was)}, now {_text(is_now)}"


def _sum(tally: Tally | None, side: str) -> Sum:
    found: Sum | None = getattr(tally, side) if tally is not None else None
    return found or Sum()


def _text(found: Sum) -> str:
    return f"{found.count} of {plain(found.total)}"


def since(signed: Signature, papers: Iterable[Paper], night: str) -> list[Shown]:
    """The documents of the night that a platform changed after the signature."""
    at = to_millis(signed.at)
    return [shown(each) for each in papers if each.day == night and each.modified > at]
