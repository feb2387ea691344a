"""Planning: what the next sync would do, and whether it still is what was planned.

In: settings, the contract, the topics, both platforms. Out: a plan. Invariant: nothing is written, to a platform or a
topic; what is judged is judged by the workers' own steps over the workers' own tables.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import httpx

from agents import foreseen
from agents.holdings import Holdings
from agents.rehearsal import Rehearsal, rows_of
from agents.stoppage import Stoppage
from console.readiness import changed_objects
from console.recorded import Progress, Reader, Recorded
from schemas.command import Command
from schemas.contract import Contract
from schemas.errors import ContractError, Refused
from schemas.names import Platform
from schemas.plan import Plan
from streams.platforms.registry import PLATFORMS, forecasts
from streams.settings import Settings
from streams.survey import Onlooker, Reading, known_by, onlooker, read
from tables.view import MemoryView


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. `first`: as if no worker had ever run; no broker is asked. `sweep`: read everything."""

    first: bool = False
    sweep: bool = False


@dataclass(frozen=True, slots=True)
class Means:
    """How it is read: `keep` stores Xero's next refresh token; `tell` and `progress` hear how far it is."""

    keep: Callable[[str], None] | None = None
    tell: Callable[[str], None] = lambda _: None
    progress: Progress = lambda _done, _total: None
    transports: dict[str, httpx.AsyncBaseTransport] = field(default_factory=dict)


async def plan(settings: Settings, contract: Contract, wish: Wish, means: Means) -> Plan:
    """Read both sides and the topics, and rehearse.

    Raises:
        Transient: the broker or a platform cannot be read now.
        Refused: the contract does not come to rest.
        ContractError: workers would not start under it.
    """
    recorded = Recorded() if wish.first else await Reader(settings, means.progress).present()
    if why := changed_objects(settings, contract, recorded.cursors):
        raise ContractError(f"no worker would start: {why}. Nothing was planned")
    found = await asyncio.gather(*(_read(settings, contract, name, recorded, wish, means) for name in PLATFORMS))
    readings = dict(zip(PLATFORMS, found, strict=True))
    made = foresee(settings, contract, recorded, readings, wish, datetime.now(UTC))
    if await asked(contract, partial(_onlooker, settings, contract, means=means), readings, made, tell=means.tell):
        made = foresee(settings, contract, recorded, readings, wish, made.made_at)
    return counted(made, readings)


def _onlooker(settings: Settings, contract: Contract, platform: Platform, means: Means) -> Onlooker:
    return onlooker(platform, settings, contract, keep=means.keep, transport=means.transports.get(platform))


async def _read(
    settings: Settings, contract: Contract, platform: Platform, recorded: Recorded, wish: Wish, means: Means
) -> Reading:
    client = _onlooker(settings, contract, platform, means)
    try:
        connection = str(settings.connection(platform))
        return await read(client, settings.tenant, connection, recorded.cursors, sweep=wish.sweep, tell=means.tell)
    finally:
        await client.close()


async def asked(
    contract: Contract,
    look: Callable[[Platform], Onlooker],
    readings: Mapping[Platform, Reading],
    made: Plan,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> bool:
    """Ask whether somebody who would be made is there by a value that nothing shows; noted with the readings if so.

    Raises:
        Transient: a platform cannot be asked now.
    """
    for name in PLATFORMS:
        joining = {entity: each.field for entity, each in forecasts(contract)[name].unique.items() if each.joins}
        for entity, field_name in joining.items():
            new = [
                each for each in made.writes if (each.platform, each.entity, each.action) == (name, entity, "create")
            ]
            values = [str(each.fields[field_name].becomes) for each in new if not each.refused]
            if not values:
                continue
            client = look(name)
            try:
                readings[name].known_by[entity] = dict(await known_by(client, entity, values, tell=tell))
            finally:
                await client.close()
                readings[name].calls += client.calls
    return any(found for reading in readings.values() for found in reading.known_by.values())


def counted(made: Plan, readings: Mapping[Platform, Reading]) -> Plan:
    """The plan with the calls that it took to make it."""
    reads = {name: made.budgets[name].model_copy(update={"reads": each.calls}) for name, each in readings.items()}
    return made.model_copy(update={"budgets": {**made.budgets, **reads}})


def foresee(
    settings: Settings,
    contract: Contract,
    recorded: Recorded,
    readings: dict[Platform, Reading],
    wish: Wish,
    at: datetime,
) -> Plan:
    """The plan that follows from what is recorded and what both sides show. Pure."""
    before = dict(recorded.known)
    rehearsal = Rehearsal(
        contract, known=MemoryView(dict(recorded.known)), accounts=MemoryView(dict(recorded.accounts))
    )
    # 1. what the workers have not taken up yet, 2. what both sides show now, 3. what that asks for, answer by answer
    pending = rehearsal.facts_of(recorded.changes)
    rehearsal.judge([*recorded.facts, *pending])
    waiting = _waiting(rehearsal, recorded.commands)
    # The ERP first: what finance shows now (a credit hold) is known before the CRM asks for anything.
    for name in (contract.platforms.erp, contract.platforms.crm):
        rehearsal.judge(rehearsal.facts_of(readings[name].arrivals))
    rehearsal.withdrawn |= recorded.withdrawn
    rehearsal.queue = [*waiting, *(each for each in rehearsal.queue if each.id not in {one.id for one in waiting})]
    links = foreseen.links(rehearsal, before)  # as both sides say it, before we write it there
    rehearsal.holdings = Holdings(rehearsal.forecasts)
    rehearsal.holdings.read(rehearsal.known.rows, rehearsal.accounts.rows)
    for name, reading in readings.items():
        for entity, values in reading.known_by.items():
            rehearsal.holdings.known_by(name, entity, values)
    rehearsal.stoppages = _stoppages(settings, contract, recorded, readings, at)
    rehearsal.settle()
    budgets = foreseen.budgets(rehearsal, minute_limits={"xero": settings.xero_minute_calls})
    return Plan(
        made_at=at,
        tenant=settings.tenant,
        accounts={"hubspot": settings.hubspot_portal, "xero": settings.xero_tenant},
        contract=contract.digest,
        contract_name=contract.name,
        first=recorded.fresh,
        sweep=wish.sweep,
        links=links,
        writes=foreseen.writes(rehearsal),
        notes=foreseen.notes(rehearsal),
        brakes=foreseen.brakes(rehearsal),
        unreadable=sorted(rehearsal.refused),
        budgets={
            name: budgets[name].model_copy(update={"reads": reading.calls, "records": reading.records})
            for name, reading in readings.items()
        },
    )


def _stoppages(
    settings: Settings, contract: Contract, recorded: Recorded, readings: dict[Platform, Reading], at: datetime
) -> dict[str, Stoppage]:
    """The brakes of both lanes as they stand, with how many records the readings have found."""
    commands = list(recorded.commands.values())
    return {
        name: Stoppage(
            contract, settings.tenant, str(settings.connection(name)), name, {**recorded.cursors, **reading.cursors},
            commands, at,
        )
        for name, reading in readings.items()
    }  # fmt: skip


def _waiting(rehearsal: Rehearsal, commands: dict[str, Command]) -> list[Command]:
    """The commands that records still wait for, in the order of their records."""
    flights = (
        flight["command"]
        for _, row in rows_of(rehearsal.accounts.rows, "r")
        for side in sorted(row["flights"])
        for flight in row["flights"][side]
    )
    return [commands[name] for name in flights if name in commands]


def moved(planned: Plan, now: Plan) -> Sequence[tuple[str, str]]:
    """Where the world has moved so that the plan is another: the record with its revisions, and what differs.

    Raises:
        Refused: it is a plan of another deployment, or of another contract.
    """
    if (planned.tenant, planned.accounts) != (now.tenant, now.accounts):
        raise Refused(
            f"this is a plan for {_whose(planned)}; the settings are those of {_whose(now)}", code="deployment"
        )
    if planned.contract != now.contract:
        raise Refused(
            f"the plan was made with contract {planned.contract} and the contract is {now.contract} now. Nothing was "
            "let go. Next: revmark plan",
            code="contract",
        )
    found = foreseen.differences(planned.promises, now.promises)
    return [(_described(name, planned, now), what) for name, what in found]


def _whose(plan: Plan) -> str:
    return ", ".join([f"tenant {plan.tenant}", *(f"{name} {account}" for name, account in plan.accounts.items())])


def _described(name: str, planned: Plan, now: Plan) -> str:
    """A record by its name for people, with the revisions that differ."""
    then, today = (next((each for each in plan.writes if each.name == name), None) for plan in (planned, now))
    either = today or then
    if either is None:
        return name
    said = f"{either.entity.value.replace('_', ' ')} {either.label or either.record} on {either.platform}"
    if then is None or today is None:
        return said
    other = [
        f"{today.refs.get(side, side)} was at {then.revisions[side]} and is at {today.revisions[side]}"
        for side in sorted(then.revisions.keys() & today.revisions.keys())
        if then.revisions[side] != today.revisions[side]
    ]
    return f"{said} ({'; '.join(other)})" if other else said
