"""`revmark status`: the whole picture, and whether something waits for a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import typer

from console.commands.backfill import tell
from console.exits import NEEDS_PERSON, UNREACHABLE
from console.options import Document, Offline, examples
from console.output import Cell, Sheet, moment, money_text, say, show, show_json
from console.projection import summary
from console.projection.connections import Connection, Tier, connections, tiers_of
from console.projection.listing import EVERYTHING, find
from console.projection.progress import Progress, progress
from console.projection.store import Store
from console.session import session_of
from schemas.money import exact
from schemas.totals import Total

EXAMPLES = examples("revmark status", "revmark status --json | jq .needs_person", "revmark status --offline")

_NEXT = {
    "variances": ("open variances", "revmark variances --state open"),
    "quarantined": ("records in quarantine", "revmark quarantine list"),
    "refused": ("commands a platform refused", "revmark quarantine list --type commands"),
    "reviews": ("fields waiting for a decision", "revmark review list"),
    "brakes": ("rules stopped by a brake", "revmark brake list"),
    "proposals": ("links proposed", "revmark links"),
    "signed": ("signed nights that have changed", "revmark totals --nights"),
    "nights": ("nights whose books differ", "revmark totals --nights"),
    "parked": ("connections that stand still until somebody acts: the table says why", "revmark check"),
    "readings": ("kinds of record that cannot be read", "revmark backfill status"),
}
RECENT = 14  # days of windows shown


def command(context: typer.Context, *, json: Document = False, offline: Offline = False) -> None:
    """Show what was synced, decided and reconciled.

    Exits 1 when something needs a person, 3 when offline and not all was read, else 0.
    """
    session = session_of(context)
    with session.projection(offline=offline) as store:
        now = datetime.now(UTC)
        found, readings = summary.status(store), progress(store, now)
        lanes = connections(store, tiers_of(session.settings), now)
        if json:
            told = [each.document() for each in readings]
            show_json(
                {"broker": session.settings.broker, "offline": offline, **found, "readings": told}
                | {"connections": [each.document(now) for each in lanes]}
            )
        else:
            _print(store, found, [each for each in readings if each.open], lanes, now)
        unread = offline and store.as_of() is None
    if found["needs_person"]:
        raise typer.Exit(NEEDS_PERSON)
    if unread:
        raise typer.Exit(UNREACHABLE)


def _print_connections(found: list[Connection], now: datetime) -> None:
    """Whether each platform is worked with, and how fresh and how full each tier is."""
    if not found:
        return
    say("\nConnections", "bold")
    sheet = Sheet(
        ("connection", "state", "tier>", "waiting>", "waits since (UTC)", "newest fact", "until (UTC)", "why*")
    )
    for each in found:
        style = {"parked": "red", "reads wait": "yellow"}.get(each.state, "green")
        for place, tier in enumerate(each.tiers or [Tier(1)]):
            head = (each.name, Cell(each.state, style)) if place == 0 else ("", Cell(""))
            tail = (moment(each.until), each.why) if place == 0 else ("", "")
            sheet.add(*head, str(tier.tier), f"{tier.waiting:,}", moment(tier.oldest), _age(tier, now), *tail)
    show(sheet)


def _age(tier: Tier, now: datetime) -> str:
    """How long ago the newest fact of a tier was changed on the platform."""
    if tier.newest is None:
        return "-"
    seconds = max(0, int((now - tier.newest).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit} old"
    return f"{seconds} s old"


def _print(
    store: Store, found: dict[str, Any], readings: list[Progress], lanes: list[Connection], now: datetime
) -> None:
    as_of = store.as_of()
    say(f"Revmark, as of {moment(as_of)} UTC" if as_of else "Revmark: nothing has been read yet", "bold")
    say("")
    sheet = Sheet(("what", "count>", "of which"))
    for name, label in (("ledger", "commands"), ("decisions", "decisions"), ("events", "revenue events")):
        sheet.add(label, f"{sum(found[name].values()):,}", _spread(found[name]))
    sheet.add("variances", f"{sum(found['variances'].values()):,}", _spread(found["variances"]))
    sheet.add("quarantined", f"{found['quarantined']:,}", "")
    if found["unreadable"]:
        sheet.add("unreadable", f"{found['unreadable']:,}", "records of another version; the workers are not affected")
    show(sheet)
    if readings:
        say("\nBeing read", "bold")
        tell(readings)
    _print_connections(lanes, now)
    _print_windows(store)
    say("")
    if not found["needs_person"] and as_of is None:
        say(
            "Whether something needs a person is not known: not all topics have been read. Next: revmark status",
            "yellow",
        )
        return
    if not found["needs_person"]:
        say("Nothing needs a person.", "green")
        return
    say("Needs a person", "bold")
    waiting = Sheet(("count>", "what", "look with"))
    for name, number in found["needs_person"].items():
        label, follow = _NEXT[name]
        waiting.add(Cell(f"{number:,}", "yellow"), label, follow)
    show(waiting)


def _print_windows(store: Store) -> None:
    paired = summary.windows(find(store, Total, limit=EVERYTHING))
    if not paired:
        return
    say("")
    days = sorted({window.day for window in paired}, reverse=True)[:RECENT]
    sheet = Sheet(
        ("currency", "crm invoices>", "crm total>", "erp invoices>", "erp total>"),
        title=f"Totals of the last {len(days)} days with invoices",
    )
    for each in summary.sums([window for window in paired if window.day in days]):
        cells = [str(each["currency"])]
        for side in ("crm", "erp"):
            total: Any = each.get(side) or {"invoices": 0, "total": "0"}
            cells += [f"{total['invoices']:,}", money_text(exact(total["total"]), str(each["currency"]))]
        sheet.add(*cells)
    show(sheet)


def _spread(found: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in found.items())
