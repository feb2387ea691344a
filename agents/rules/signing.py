"""Signing: what a person has put a name to, held against what is there now.

In: a signature, totals, documents. Out: what changed, in words; the documents that changed since. Invariant: a total
that moved either way, or came or went, is told, and one that stands over other documents; one that is as it was signed
never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from agents.rules.audit import shown
from agents.rules.sealing import UNSEALED
from schemas.audit import Paper, Shown, Signature, Sum, Tally
from schemas.instants import to_millis
from schemas.money import plain
from schemas.totals import Total

SIDES = (("crm", "HubSpot"), ("erp", "Xero"))


def alarms(signed: Signature, tallies: Iterable[Tally]) -> list[str]:
    """Each total that is not as it was signed, or is made up of other documents."""
    return list(_changes(signed.tallies, tallies))


def unsealed(signed: Signature) -> bool:
    """Whether a night was signed before documents were sealed: it is held against its totals alone."""
    return any(_sum(each, side).count and not _seal(each, side) for each in signed.tallies for side, _ in SIDES)


@dataclass(frozen=True, slots=True)
class Stirred:
    """A signed night of which the stream counts something else since."""

    night: str
    who: str
    what: tuple[str, ...]

    @property
    def says(self) -> str:
        """It in a sentence."""
        what = "; ".join(self.what)
        return f"{self.night}, signed by {self.who}: {what}. Next: revmark reconcile --night {self.night}"


def stirred(
    signed: Iterable[Signature], totals: Iterable[Total], settled: Mapping[str, Iterable[Tally]]
) -> list[Stirred]:
    """Each signed night of which the stream counts what neither it nor the platform counted when it was signed.

    The platforms are not asked: a night that is named is to be reconciled again, which says what changed.

    Args:
        signed: what people put their names to.
        totals: the stream's, of all nights.
        settled: by night, what the stream has of payments, credit notes and refunds (`stream_erp`); a night that is not
            there is not judged by them.
    """
    by_night: dict[str, list[Total]] = {}
    for each in totals:
        by_night.setdefault(each.day, []).append(each)
    found = (
        Stirred(
            each.night,
            each.who,
            (*_stirs(each, by_night.get(each.night, [])), *_settled(each, settled.get(each.night))),
        )
        for each in signed
    )
    return sorted((each for each in found if each.what), key=lambda each: each.night)


def _stirs(signed: Signature, totals: Iterable[Total]) -> Iterator[str]:
    before = {(each.currency, each.subsidiary): each for each in signed.tallies if each.kind == "invoice"}
    after = {(each.currency, each.subsidiary, each.side.value): each for each in totals}
    for key in sorted(before.keys() | {key[:2] for key in after}):
        for side, name in SIDES:
            now = after.get((*key, side))
            counts = Sum(count=now.invoices, total=now.total) if now is not None else Sum()
            was = [_sum(before.get(key), part) for part in (f"stream_{side}", side)]
            if counts not in was and not (key in before and getattr(before[key], f"stream_{side}") is None):
                yield _says(key[0], "invoice", key[1], name, was[1], counts)


def _settled(signed: Signature, now: Iterable[Tally] | None) -> Iterator[str]:
    """The same of what is the ERP's alone, by what the stream had of it when the night was signed."""
    if signed.heard is None or now is None:
        return
    then: dict[tuple[str, str], Sum] = {(each.currency, each.kind): _sum(each, "stream_erp") for each in signed.heard}
    tallies = (each for each in signed.tallies if each.kind != "invoice")
    shown: dict[tuple[str, str], Sum] = {(each.currency, each.kind): _sum(each, "erp") for each in tallies}
    after: dict[tuple[str, str], Sum] = {(each.currency, each.kind): _sum(each, "stream_erp") for each in now}
    for key in sorted(then.keys() | shown.keys() | after.keys()):
        counts = after.get(key, Sum())
        if counts not in (then.get(key, Sum()), shown.get(key, Sum())):
            yield _says(*key, "", SIDES[1][1], shown.get(key, Sum()), counts)


def _says(currency: str, kind: str, subsidiary: str, name: str, was: Sum, counts: Sum) -> str:
    what = f"{currency} {kind.replace('_', ' ')}s{f' of {subsidiary}' if subsidiary else ''} in {name}"
    return f"{what}: signed {_text(was)}, the stream now counts {_text(counts)}"


def _changes(then: Iterable[Tally], now: Iterable[Tally]) -> Iterator[str]:
    before, after = ({(each.currency, each.subsidiary, each.kind): each for each in some} for some in (then, now))
    for key in sorted(before.keys() | after.keys()):
        currency, subsidiary, kind = key
        for side, name in SIDES:
            was, is_now = (_sum(some.get(key), side) for some in (before, after))
            sealed, found = (_seal(some.get(key), side) for some in (before, after))
            what = f"{currency} {kind.replace('_', ' ')}s{f' of {subsidiary}' if subsidiary else ''} in {name}"
            if was != is_now:
                yield f"{what}: signed {_text(was)}, now {_text(is_now)}"
            elif sealed and sealed != found:
                yield f"{what}: signed {_text(was)}, now the same of other documents, amounts or customers"


def _sum(tally: Tally | None, side: str) -> Sum:
    found: Sum | None = getattr(tally, side) if tally is not None else None
    return found or Sum()


def _seal(tally: Tally | None, side: str) -> str:
    return str(getattr(tally, f"{side}_seal")) if tally is not None else UNSEALED


def _text(found: Sum) -> str:
    return f"{found.count} of {plain(found.total)}"


def since(signed: Signature, papers: Iterable[Paper], night: str) -> list[Shown]:
    """The documents of the night that a platform changed after the signature."""
    at = to_millis(signed.at)
    return [shown(each) for each in papers if each.day == night and each.modified > at]
