"""Xero: the grant, the organisation, scopes, and the codes that the contract names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any

import httpx

from schemas.contract import Contract
from schemas.errors import RevmarkError, SettingsError
from streams.checkup.advice import advice, called, passing
from streams.checkup.finding import Finding
from streams.checkup.grant import UNASKED, Ask, Keeper, connect
from streams.platforms.registry import xero_grants
from streams.platforms.xero.checkup import accounts, organisation, reached, tax_types
from streams.platforms.xero.client import XeroClient
from streams.platforms.xero.doors import api_door, token_door
from streams.settings import Settings

# What is written, and the scopes of which one lets it be (facts B1: broad ones of older apps, granular ones since).
WRITES = {
    "contacts": ("accounting.contacts",),
    "items": ("accounting.settings",),
    "invoices": ("accounting.invoices", "accounting.transactions"),
}
READS = ("Contacts", "ContactGroups", "Items", "Invoices", "Payments", "CreditNotes")

Look = Callable[[XeroClient, Contract], Coroutine[Any, Any, Finding]]


def _now() -> datetime:
    return datetime.now(UTC)


async def findings(
    settings: Settings,
    contract: Contract | None,
    *,
    keep: Callable[[str], None] | None,
    ask: Ask | None,
    transport: httpx.AsyncBaseTransport | None,
) -> AsyncIterator[Finding]:
    """Look at the connection; stop at the first thing without which the rest cannot be seen."""
    try:
        api_door(settings.xero_url)
        token_door(settings.xero_identity_url)
    except SettingsError as error:
        step = "mend REVMARK_XERO_URL and REVMARK_XERO_IDENTITY_URL, then: revmark check"
        yield Finding("xero address", ok=False, detail=error.message, next_step=step)
        return
    keeper = Keeper(settings, keep, ask)
    grants = xero_grants(settings, keeper.load, keeper.save, transport=transport)
    client = XeroClient(
        settings.xero_url,
        settings.xero_tenant,
        grants,
        clock=_now,
        sleep=asyncio.sleep,
        transport=transport,
        minute_calls=settings.xero_minute_calls,
    )
    try:
        try:
            reach = {each.organisation: each.name for each in await reached(client.connection)}
        except RevmarkError as error:
            if error.code == UNASKED:
                said = f"not tried: {error.message}. Nothing was sent to Xero, and the grant is as it was"
                yield Finding("xero credentials", ok=False, detail=said, next_step=connect(error))
                return
            step = advice(error, _door(settings, error), connect(error))
            yield Finding(called("xero", error), ok=False, detail=error.message, next_step=step)
            return
        names = ", ".join(f"{name} ({key})" for key, name in reach.items()) or "no organisation"
        yield Finding("xero credentials", ok=True, detail=f"the grant reaches {names}")
        if settings.xero_tenant not in reach:
            said = f"REVMARK_XERO_TENANT is {settings.xero_tenant or 'empty'}; the grant reaches {names}"
            step = f"set REVMARK_XERO_TENANT={next(iter(reach))}" if reach else "connect the app to the organisation"
            yield Finding("xero organisation", ok=False, detail=said, next_step=step)
            return
        for look in (_organisation, _accounts, _tax_types, _hold_group):
            if contract is not None:
                yield await _guarded(look, client, contract, settings.xero_url)
        yield await _scopes(client, keeper, settings.xero_url)
    finally:
        await client.close()


def _door(settings: Settings, error: RevmarkError) -> str:
    """The address that did not answer: grants are renewed at one of their own."""
    return settings.xero_identity_url if error.code == "identity" else settings.xero_url


async def _guarded(look: Look, client: XeroClient, contract: Contract, url: str) -> Finding:
    try:
        return await look(client, contract)
    except RevmarkError as error:
        name = f"xero {look.__name__.strip('_').replace('_', ' ')}"
        step = "give the app the scopes accounting.settings and accounting.contacts, connect it again"
        return Finding(name, ok=False, detail=error.message, next_step=advice(error, url, step))


async def _organisation(client: XeroClient, contract: Contract) -> Finding:
    found = await organisation(client.connection)
    if found.base_currency != contract.base_currency:
        return Finding(
            "xero organisation",
            ok=False,
            detail=f"{found.name} keeps its books in {found.base_currency}, the contract says {contract.base_currency}",
            next_step=f"set base_currency: {found.base_currency} in the contract",
        )
    locks = [day for day in (found.period_lock_date, found.end_of_year_lock_date) if day]
    locked = f"; locked up to {max(locks)}: invoices dated before are refused" if locks else ""
    return Finding("xero organisation", ok=True, detail=f"{found.name}, {found.base_currency}{locked}")


async def _accounts(client: XeroClient, contract: Contract) -> Finding:
    defaults = contract.invoice_defaults
    there = await accounts(client.connection)
    wanted = {defaults.account, *defaults.accounts_by_sku.values()}
    wrong = [f"{code} is not there" for code in sorted(wanted - set(there))]
    wrong += [
        f"{code} ({there[code].name}) is archived" for code in sorted(wanted & set(there)) if not there[code].active
    ]
    usable = [
        f"{each.code} {each.name}" for each in there.values() if each.active and each.type in {"REVENUE", "SALES"}
    ]
    return _codes("xero accounts", wanted, wrong, "invoice_defaults.account and accounts_by_sku", usable)


async def _tax_types(client: XeroClient, contract: Contract) -> Finding:
    defaults = contract.invoice_defaults
    there = await tax_types(client.connection)
    wanted = {defaults.tax_type, *defaults.tax_types_by_country.values()}
    wrong = [f"{code} is not there" for code in sorted(wanted - set(there))]
    for code in sorted(wanted & set(there)):
        if not there[code].active:
            wrong.append(f"{code} ({there[code].name}) is no longer active")
        elif not there[code].on_revenue:
            wrong.append(f"{code} ({there[code].name}) cannot be used on sales")
    usable = [f"{each.code} {each.name}" for each in there.values() if each.active and each.on_revenue]
    return _codes("xero tax rates", wanted, wrong, "invoice_defaults.tax_type and tax_types_by_country", usable)


def _codes(name: str, wanted: Iterable[str], wrong: list[str], clause: str, usable: list[str]) -> Finding:
    if not wrong:
        return Finding(name, ok=True, detail=f"all that the contract names are there: {', '.join(sorted(wanted))}")
    choice = ", ".join(usable[:12]) or "none yet: make one in Xero"
    return Finding(
        name, ok=False, detail="; ".join(wrong), next_step=f"mend {clause} in the contract; usable: {choice}"
    )


async def _hold_group(client: XeroClient, contract: Contract) -> Finding:
    group = contract.credit_hold_group
    rows = (await client.connection.get("ContactGroups")).rows("ContactGroups")
    names = [str(row.get("Name", "")) for row in rows if row.get("Status", "ACTIVE") == "ACTIVE"]
    if group.strip().casefold() in {name.strip().casefold() for name in names}:
        return Finding("xero credit hold", ok=True, detail=f"contacts in the group {group!r} are on hold")
    if not contract.guards.credit_hold:
        said = f"there is no contact group {group!r}; the contract's guard credit_hold is off, so nothing waits for it"
        return Finding("xero credit hold", ok=True, detail=said)
    said = (
        f"there is no contact group {group!r} in Xero, so nobody can say who is on credit hold: who was on hold stays "
        "on hold, and nobody new is billed"
    )
    step = f"make the contact group {group!r} in Xero, or set credit_hold_group in the contract"
    there = f" to one of: {', '.join(sorted(names)[:12])}" if names else ""
    return Finding("xero credit hold", ok=False, detail=said, next_step=f"{step}{there}")


async def _scopes(client: XeroClient, keeper: Keeper, url: str) -> Finding:
    refused: list[str] = []
    for path in READS:
        query = {"page": "1", "pageSize": "1"} if path != "ContactGroups" else {}
        try:
            await client.connection.get(path, query=query)
        except RevmarkError as error:
            if passing(error):  # the others would meet the same
                step = advice(error, url, "")
                return Finding(called("xero", error), ok=False, detail=error.message, next_step=step)
            refused.append(f"{path} cannot be read: {error.message}")
    granted = set(keeper.grant.scopes) if keeper.grant else set()
    if granted:
        refused += [f"{what} cannot be written" for what, any_of in WRITES.items() if not granted & set(any_of)]
    if refused:
        scopes = ", ".join(any_of[0] for any_of in WRITES.values())
        step = f"ask for the scopes {scopes}, accounting.payments and offline_access, and connect the app again"
        return Finding("xero scopes", ok=False, detail="; ".join(refused), next_step=step)
    return Finding("xero scopes", ok=True, detail=f"reads {len(READS)} kinds and may write {', '.join(WRITES)}")
