"""`revmark replay`: what a range of a topic would lead to now; and, when it is asked for, handed over once more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.deeds import account, doing
from console.exits import NEEDS_PERSON, UNREACHABLE
from console.options import Document, examples
from console.output import Sheet, moment, money_text, note, say, show, show_json, value_text
from console.session import Meter, Session, session_of
from schemas.contract import load_contract
from schemas.errors import Refused
from schemas.instants import from_millis
from schemas.money import plain

if TYPE_CHECKING:  # they load both platforms and the Kafka client
    from agents.contrast import Contrast, Group, Parting
    from agents.rehearing import Rehearing, Selection
    from console.projection.delivery import Delivery

EXAMPLES = examples(
    "revmark replay changes --from 2026-11-01 --to 2026-11-02",
    "revmark replay changes --partition 2 --from 120 --to 180 --write",
    "revmark replay facts --from 2026-11-01T09:30 --key 'main|company:0123456789abcdef' --json",
)
SHOWN = 3  # examples of each group that people are shown if they do not ask for more
MADE = {
    "facts": "facts that would be judged",
    "duplicate": "known already, and dropped",
    "stale": "overtaken by a newer version, and dropped",
    "occurrences": "revenue events that are not out yet",
    "revenue": "revenue events that are not out yet",
    "totals": "totals stated anew",
    "variances": "variances opened or closed",
}  # what the steps count -> in words


def command(
    context: typer.Context,
    topic: Annotated[str, typer.Argument(help="changes, facts, documents, occurrences, lanes.hubspot or lanes.xero")],
    *,
    begin: Annotated[str, typer.Option("--from", help="the first: an offset, a day or a time (UTC)")],
    end: Annotated[str | None, typer.Option("--to", help="up to here, not included; to its end if not given")] = None,
    partition: Annotated[int | None, typer.Option(min=0, help="only this one; offsets need it")] = None,
    key: Annotated[str | None, typer.Option(help="only records of this key")] = None,
    write: Annotated[bool, typer.Option("--write", help="hand them to the workers once more")] = False,
    examples_: Annotated[int, typer.Option("--examples", min=0, help="records shown of each difference")] = SHOWN,
    wait: Annotated[float, typer.Option(min=0, help="with --write: seconds until workers have taken them up")] = 60.0,
    json: Document = False,
) -> None:
    """Judge a range of a topic as it would be judged now, and show what would differ. Nothing is written.

    With --write the records go to the workers once more, the ordinary way: what is overtaken is dropped, and the
    ledger sends no write twice. People's words are not said again. Exits 0 when nothing would differ, 1 when something
    would, 3 when the range is not there any more.
    """
    from console.projection.delivery import topics_of  # noqa: PLC0415 - with the Kafka client
    from console.ranges import UNDONE, Wish, bound, pick, topic_of  # noqa: PLC0415 - as above

    session = session_of(context)
    topics = topics_of(session.settings)
    asked = topic_of(topics, topic)
    name = asked.name
    if not asked.worked:
        read = [each.name for each in topics if each.worked]
        other = (
            "revmark quarantine replay --all" if name == "quarantine" else f"revmark replay {read[0]} --from {begin}"
        )
        raise Refused(
            f"no worker reads {name}, so handing it over would do nothing (they read {', '.join(read)}). {UNDONE}. "
            f"Next: {other}",
            code="usage",
        )
    wish = Wish(name, bound("--from", begin), None if end is None else bound("--to", end), partition, key)
    contract = load_contract(session.settings.contract)
    records = asyncio.run(pick(session.settings, wish))
    chosen, found = _foreseen(session, contract, name, records)
    if json:
        show_json(_document(name, records, chosen, found, written=write))
    else:
        _print(name, records, chosen, found, examples_)
    if write:
        _write(session, records, chosen, wait)
    elif not found.equal:
        if not json:
            say("\nTo hand them over: the same command with --write")
        raise typer.Exit(NEEDS_PERSON)


def _foreseen(session: Session, contract: Any, name: str, records: Sequence[Delivery]) -> tuple[Selection, Rehearing]:
    from console.replaying import foresee, standing  # noqa: PLC0415 - loads the Kafka client

    meter = Meter(f"reading {session.settings.broker}")
    try:
        stands = asyncio.run(standing(session.settings, meter))
    finally:
        meter.close()
    return foresee(contract, name, records, stands)


def _write(session: Session, records: Sequence[Delivery], chosen: Selection, wait: float) -> None:
    if not chosen.going:
        note("there is nothing among them that may be handed over")
        return
    about = f"{len(chosen.going):,} records of {records[0].topic}"
    with doing(session.settings, "replay", account(), about):
        _put(session, records, chosen, wait)


def _put(session: Session, records: Sequence[Delivery], chosen: Selection, wait: float) -> None:
    from console.replaying import hand_over  # noqa: PLC0415 - loads the Kafka client
    from console.word import taken_up  # noqa: PLC0415 - as above

    places = asyncio.run(hand_over(session.settings, records, chosen))
    last = {(each.topic, each.partition): each for each in places}
    said = f"{len(places):,} records handed over"
    if wait and not all(asyncio.run(taken_up(session.settings, spot, wait)) for spot in last.values()):
        note(
            f"{said}, but not all were taken up within {wait:g} s; they stay on the topic and are taken up when a "
            "worker runs. Next: revmark worker",
            "yellow",
        )
        raise typer.Exit(UNREACHABLE)
    note(f"{said}{' and taken up' if wait else ''}. Next: revmark status", "green")


def _document(
    name: str, records: Sequence[Delivery], chosen: Selection, found: Rehearing, *, written: bool
) -> dict[str, Any]:
    told = found.contrast
    return {
        "topic": name,
        "records": len(records),
        "first": {"partition": records[0].partition, "offset": records[0].offset},
        "last": {"partition": records[-1].partition, "offset": records[-1].offset},
        "handed_over" if written else "would_be_handed_over": len(chosen.going),
        "left_out": dict(chosen.staying),
        "counts": dict(found.counts),
        "equal": found.equal,
        "verdicts": [asdict(each) for each in told.verdicts],
        "writes": [asdict(each) for each in told.writes],
        "invoices_asked": [
            {"currency": each.currency, "invoices": each.new_invoices, "total": plain(each.new)} for each in told.asked
        ],
        "unreadable": list(found.refused),
    }


def _print(name: str, records: Sequence[Delivery], chosen: Selection, found: Rehearing, shown: int) -> None:
    first, last = (moment(from_millis(pick(each.timestamp for each in records))) for pick in (min, max))
    say(f"{len(records):,} records of {name}, written from {first} to {last} UTC, as they would be judged now", "bold")
    sheet = Sheet(("what", "count>"))
    for why, number in sorted(chosen.staying.items()):
        sheet.add(f"left out: {why}", f"{number:,}")
    for count, words in MADE.items():
        if found.counts.get(count):
            sheet.add(words, f"{found.counts[count]:,}")
    show(sheet) if sheet.rows else None
    _groups("Decisions that were not given yet", found.contrast.verdicts, shown)
    _groups("Writes that were not made yet", found.contrast.writes, shown)
    _asked(found.contrast)
    if found.refused:
        say("\nCannot be judged, and would go to quarantine", "bold")
        for reason in found.refused[: max(shown, 1)]:
            say(f"  {reason}")
    if found.equal:
        say("Nothing would differ: no new decision, no new write.", "green")


def _groups(title: str, groups: tuple[Group, ...], shown: int) -> None:
    if not groups:
        return
    say(f"\n{title}", "bold")
    sheet = Sheet(("what", "count>", "for example*"))
    for group in groups:
        sheet.add(group.name, f"{group.new:,}", "; ".join(_example(one) for one in group.partings[:shown]))
    show(sheet)


def _example(one: Parting) -> str:
    said = one.new or {}
    value = said.get("chosen") if "ruling" in said else said.get("value")
    shown = f" -> {value_text(value)}" if value is not None and one.field else ""
    return f"{one.label or one.record}{shown}"


def _asked(told: Contrast) -> None:
    if not told.asked:
        return
    say("\nInvoices that the ERP would be asked for, before tax", "bold")
    sheet = Sheet(("currency", "invoices>", "total>"))
    for each in told.asked:
        sheet.add(each.currency, f"{each.new_invoices:,}", money_text(each.new, each.currency))
    show(sheet)
