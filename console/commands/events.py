"""`revmark events`: the revenue events, as subscribers get them."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from console.options import DEFAULT_LIMIT, Currency, Customer, Day, Limit, Lines, Offline, Record, examples
from console.output import Sheet, moment, money_text, note, say, show, show_json, show_lines
from console.projection.delivery import topics_of
from console.projection.filters import Filters
from console.projection.listing import events_after, find, last_event
from console.projection.store import Store
from console.session import Session, session_of
from schemas.errors import SettingsError
from schemas.revenue import RevenueEvent, RevenueType

EXAMPLES = examples(
    "revmark events --follow",
    "revmark events --customer acme --type payment_received",
    "revmark events --day 2026-11 --json",
)


def command(
    context: typer.Context,
    *,
    record: Record = None,
    customer: Customer = None,
    type: Annotated[RevenueType | None, typer.Option(help="what happened")] = None,  # noqa: A002 - the option's name
    day: Day = None,
    currency: Currency = None,
    limit: Limit = DEFAULT_LIMIT,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="then print what comes, oldest first, until Ctrl-C")
    ] = False,
    json: Lines = False,
    offline: Offline = False,
) -> None:
    """Show revenue events."""
    if follow and offline:
        raise SettingsError("--follow needs the broker: leave --offline out", code="usage")
    session = session_of(context)
    filters = Filters(record=record, customer=customer, type=type, day=day, currency=currency)
    with session.projection("revenue", offline=offline) as store:
        latest = last_event(store)
        found = find(store, RevenueEvent, filters, limit)
        if follow:
            for event in reversed(found):
                _print(event, json=json)
            asyncio.run(_follow(session, store, filters, latest, json=json))
        elif json:
            show_lines(found)
        else:
            _show(found)


def _show(found: list[RevenueEvent]) -> None:
    several = any(event.subsidiary for event in found)
    headings = ("time (UTC)", "event", "customer", "number", "amount>", "currency", "day")
    sheet = Sheet((*headings, *(("subsidiary",) if several else ())), empty="no events found")
    for event in found:
        sheet.add(
            moment(event.occurred_at),
            event.called,
            event.customer_name or event.customer,
            event.number or event.document,
            _amount(event),
            event.money.currency if event.money else "",
            event.day,
            *((event.subsidiary or "-",) if several else ()),
        )
    show(sheet)


def _amount(event: RevenueEvent) -> str:
    if event.money is not None:
        return money_text(event.money.amount, event.money.currency)
    return {True: "on hold", False: "released", None: ""}[event.credit_hold]


def line(event: RevenueEvent) -> str:
    """An event as it is told while it comes."""
    amount = f"{_amount(event)} {event.money.currency}" if event.money else _amount(event)
    name = event.customer_name or event.customer
    number = event.number or event.document
    return f"{moment(event.occurred_at)}  {event.called:<21}  {name}  {number}  {amount}".rstrip()


def _print(event: RevenueEvent, *, json: bool) -> None:
    if json:
        show_json(event)
    else:
        say(line(event))
    sys.stdout.flush()


async def _follow(session: Session, store: Store, filters: Filters, latest: int, *, json: bool) -> None:
    from console.projection.follower import Follower  # noqa: PLC0415 - loads the Kafka client

    note("following; Ctrl-C ends")
    seen = latest

    def applied(_: int) -> None:
        nonlocal seen
        found, seen = events_after(store, seen, filters)
        for event in found:
            _print(event, json=json)

    await Follower(session.settings.kafka, topics_of(session.settings), store, ("revenue",)).follow(applied)
