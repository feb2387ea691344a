"""`revmark contract diff`: what would have been otherwise under another contract."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.exits import NEEDS_PERSON
from console.options import Document, examples
from console.output import Sheet, money_text, say, show, show_json, value_text
from console.session import Meter, session_of
from schemas.contract import Contract, lint, load_contract
from schemas.contract.objects import chosen, moved
from schemas.errors import ContractError
from schemas.money import plain

if TYPE_CHECKING:  # it loads both platforms
    from agents.contrast import Contrast, Group, Parting, Sum
    from agents.history import Replay

EXAMPLES = examples("revmark contract diff new.yaml", "revmark contract diff new.yaml --json | jq .totals")
SHOWN = 3  # examples of each group that people are shown if they do not ask for more


def command(
    context: typer.Context,
    new: Annotated[Path, typer.Argument(help="the contract to compare with today's")],
    *,
    file: Annotated[Path | None, typer.Option("--file", help="today's; REVMARK_CONTRACT if not given")] = None,
    examples_: Annotated[int, typer.Option("--examples", min=0, help="records shown of each difference")] = SHOWN,
    json: Document = False,
) -> None:
    """Replay what is recorded under today's contract and a new one, and show what differs.

    Verdicts, writes and totals, in counts and in money. Exits 0 when nothing differs, 1 when something does, 3 when
    the topics do not reach back to their first record.
    """
    session = session_of(context)
    path = file or session.settings.contract
    pair = _usable(path), _usable(new)
    if why := moved(chosen(pair[0]), pair[1]):
        raise ContractError(f"{new} cannot take the place of {path}: {why}. Nothing was replayed")
    from agents.contrast import contrast  # noqa: PLC0415 - loads both platforms
    from agents.history import recorded, replay  # noqa: PLC0415 - as above
    from console.projection.delivery import topics_of  # noqa: PLC0415 - as above
    from console.recorded import Reader  # noqa: PLC0415 - loads the Kafka client

    topics = topics_of(session.settings)
    meter = Meter(f"reading {session.settings.broker}")
    try:
        changes, facts = asyncio.run(Reader(session.settings, meter).whole(topics.changes, topics.facts))
    finally:
        meter.close()
    played = [replay(contract, recorded(contract, changes, facts)) for contract in pair]
    found = contrast(played[0].rehearsal, played[1].rehearsal)
    if json:
        show_json(_document(pair, found, played, len(changes)))
    else:
        _print(pair, (path, new), found, played, len(changes), examples_)
    if not found.equal:
        raise typer.Exit(NEEDS_PERSON)


def _usable(path: Path) -> Contract:
    """A contract that workers would start with.

    Raises:
        ContractError: they would not.
    """
    contract = load_contract(path)
    wrong = [each for each in lint(contract) if each.level == "error"]
    if wrong:
        said = "\n".join(f"  {each.path}: {each.message}" for each in wrong)
        raise ContractError(f"{path} does not lint:\n{said}\nNothing was replayed. Next: revmark contract lint")
    return contract


def _document(pair: tuple[Contract, Contract], found: Contrast, played: list[Replay], changes: int) -> dict[str, Any]:
    return {
        "equal": found.equal,
        "today": pair[0].digest,
        "new": pair[1].digest,
        "changes": changes,
        "passed_over": {"today": played[0].passed_over, "new": played[1].passed_over},
        "counts": {name: {"today": both[0], "new": both[1]} for name, both in found.counts.items()},
        "verdicts": [asdict(each) for each in found.verdicts],
        "writes": [asdict(each) for each in found.writes],
        "invoices_asked": [_sum(each) for each in found.asked],
        "totals": [_sum(each) for each in found.totals],
        "estimated": found.estimated,
    }


def _sum(each: Sum) -> dict[str, Any]:
    return {
        "currency": each.currency,
        "side": each.side,
        "today": {"invoices": each.today_invoices, "total": plain(each.today)},
        "new": {"invoices": each.new_invoices, "total": plain(each.new)},
        "difference": plain(each.difference),
    }


def _print(
    pair: tuple[Contract, Contract],
    paths: tuple[Path, Path],
    found: Contrast,
    played: list[Replay],
    changes: int,
    shown: int,
) -> None:
    said = " and ".join(f"{path} ({contract.digest})" for path, contract in zip(paths, pair, strict=True))
    say(f"{changes} recorded changes, replayed under {said}", "bold")
    if found.equal:
        say("Nothing differs: the same verdicts, writes and totals.", "green")
    for title, groups in (("Verdicts", found.verdicts), ("Writes", found.writes)):
        _groups(title, groups, found.counts[title.lower()], shown)
    _sums("Invoices that the ERP is asked for, before tax", found.asked)
    _sums("Totals", tuple(each for each in found.totals if each.difference))
    if found.estimated:
        say("\nInvoices that were never made are counted before tax: only the ERP works it out.", "dim")
    if any(each.passed_over for each in played):
        said = f"{played[0].passed_over} under today's, {played[1].passed_over} under the new one"
        say(f"Changes of records that a replay never made were passed over: {said}.", "dim")


def _groups(title: str, groups: tuple[Group, ...], counts: tuple[int, int], shown: int) -> None:
    if not groups:
        return
    say(f"\n{title} that differ (of {counts[0]} today, {counts[1]} under the new contract)", "bold")
    sheet = Sheet(("what", "only today>", "only new>"))
    for group in groups:
        sheet.add(group.name, str(group.today), str(group.new))
    show(sheet)
    partings = dict.fromkeys((one.record, one.field) for group in groups for one in group.partings[:shown])
    found = {(one.record, one.field): one for group in groups for one in group.partings}
    if shown:
        say("")
        sheet = Sheet(("for example", "field", "today*", "new*"))
        for name in partings:
            one = found[name]
            sheet.add(one.label or one.record, one.field, _told(one, new=False), _told(one, new=True))
        show(sheet)


def _told(parting: Parting, *, new: bool) -> str:
    said = parting.new if new else parting.today
    if said is None:
        return "-"
    if "ruling" in said:
        chosen = f" {value_text(said['chosen'])}" if said["chosen"] is not None else ""
        return f"{said['ruling'].replace('_', ' ')}{chosen} by {said['rule']}"
    return f"{said['kind']} {said['platform']}: {value_text(said['value'])}"


def _sums(title: str, sums: tuple[Sum, ...]) -> None:
    if not sums:
        return
    say(f"\n{title}", "bold")
    sheet = Sheet(("currency", "side", "today>", "new>", "difference>", "invoices>"))
    for each in sums:
        invoices = f"{each.today_invoices} -> {each.new_invoices}"
        amounts = (each.today, each.new, each.difference)
        sheet.add(each.currency, each.side, *(money_text(amount, each.currency) for amount in amounts), invoices)
    show(sheet)
