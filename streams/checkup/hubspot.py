"""HubSpot: credentials, the portal, what may be read, the properties and deal stages that must exist."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

from schemas.contract import Contract
from schemas.errors import RevmarkError, SettingsError
from streams.checkup import currencies, stages
from streams.checkup.advice import advice, called, passing
from streams.checkup.finding import Finding
from streams.platforms.hubspot.api import NO_OBJECT
from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.hubspot.doors import api_door
from streams.platforms.hubspot.provisioning import lacking, provision
from streams.platforms.hubspot.shapes import QUOTE, SHAPES, shapes_of
from streams.platforms.registry import hubspot_auth, hubspot_journal
from streams.settings import Settings

NOBODY = "1"  # an id no portal gives a record of ours: reading it asks for the scope and shows nothing
CREDENTIALS = "set REVMARK_HUBSPOT_TOKEN (or the OAuth settings) anew, then: revmark check"
KINDS = ("company", "contact", "product", "deal", "line_item", "invoice")


async def findings(
    settings: Settings, contract: Contract | None, *, create: bool, transport: httpx.AsyncBaseTransport | None
) -> AsyncIterator[Finding]:
    """Look at the connection; stop at the first thing without which the rest cannot be seen."""
    try:
        api_door(settings.hubspot_url)
    except SettingsError as error:
        step = "mend REVMARK_HUBSPOT_URL, then: revmark check"
        yield Finding("hubspot address", ok=False, detail=error.message, next_step=step)
        return
    try:
        auth = hubspot_auth(settings)
    except RevmarkError as error:
        step = "set REVMARK_HUBSPOT_TOKEN to the token of a private app"
        yield Finding("hubspot credentials", ok=False, detail=error.message, next_step=step)
        return
    shapes = SHAPES if contract is None else shapes_of(contract)
    client = HubSpotClient(settings.hubspot_url, settings.hubspot_version, auth, transport=transport, shapes=shapes)
    try:
        try:
            account = await client.account()
        except RevmarkError as error:
            step = advice(error, settings.hubspot_url, CREDENTIALS)
            yield Finding(called("hubspot", error), ok=False, detail=error.message, next_step=step)
            return
        portal = str(account.get("portalId") or "")
        yield Finding("hubspot credentials", ok=True, detail=f"portal {portal} answers at {settings.hubspot_url}")
        yield _portal(settings, portal)
        if contract is not None and (shown := currencies.finding(account, contract.base_currency)):
            yield shown
        url = settings.hubspot_url
        for finding in [await _scopes(client, url, contract), await _properties(client, url, contract, create=create)]:
            yield finding
        if contract is not None:
            yield await stages.finding(client, url, contract)
        if settings.hubspot_journal:
            yield await _journal(settings, contract, transport)
    finally:
        await client.close()


async def _journal(
    settings: Settings, contract: Contract | None, transport: httpx.AsyncBaseTransport | None
) -> Finding:
    name = "hubspot journal"
    step = (
        "see REVMARK_HUBSPOT_CLIENT_ID, REVMARK_HUBSPOT_CLIENT_SECRET and the app's scope; where the address of a file "
        "is named, and is one of HubSpot's, put it into REVMARK_HUBSPOT_JOURNAL; then: revmark check"
    )
    try:
        journal = hubspot_journal(settings, contract, transport=transport)
    except RevmarkError as error:
        return Finding(name, ok=False, detail=error.message, next_step=step)
    assert journal is not None  # noqa: S101 - it is set
    try:
        number = await journal.look()
    except RevmarkError as error:
        return Finding(name, ok=False, detail=error.message, next_step=step)
    finally:
        await journal.close()
    if number is None:
        nothing = "it is empty: nothing has changed in three days, or the app is subscribed to nothing"
        return Finding(name, ok=True, detail=nothing, next_step="see docs/operations.md, the webhooks journal")
    return Finding(name, ok=True, detail=f"its newest file came from {settings.hubspot_journal}: {number} events")


def _portal(settings: Settings, portal: str) -> Finding:
    if settings.hubspot_portal == portal:
        return Finding("hubspot portal", ok=True, detail=f"the settings name portal {portal} too")
    said = f"the settings name {settings.hubspot_portal or 'no portal'}, the credentials belong to {portal}"
    return Finding(
        "hubspot portal",
        ok=False,
        detail=f"{said}; webhooks of a portal that is not ours are passed over",
        next_step=f"set REVMARK_HUBSPOT_PORTAL={portal}",
    )


async def _scopes(client: HubSpotClient, url: str, contract: Contract | None) -> Finding:
    refused: list[str] = []
    quotes = (QUOTE,) if contract and contract.timing.order_when == "quote_accepted" else ()
    told = [kind for kind, shape in shapes_of(contract).items() if not shape.followed] if contract else []
    kinds = (*KINDS, *quotes, *told)
    for kind in kinds:
        try:
            await client.read(kind, [NOBODY])
        except RevmarkError as error:
            if passing(error):  # the other kinds would meet the same
                step = advice(error, url, "")
                return Finding(called("hubspot", error), ok=False, detail=error.message, next_step=step)
            if error.code == NO_OBJECT:  # which is looked at with the properties
                continue
            refused.append(f"{kind.replace('_', ' ')}: {error.message}")
    if refused:
        step = "give the app the scopes named above, install it again, then: revmark check"
        return Finding("hubspot scopes", ok=False, detail="; ".join(refused), next_step=step)
    return Finding("hubspot scopes", ok=True, detail=f"reads {len(kinds)} kinds; write scopes show at the first write")


async def _properties(client: HubSpotClient, url: str, contract: Contract | None, *, create: bool) -> Finding:
    name = "hubspot properties"
    try:
        found = await lacking(client, contract)
        if create and not found.nothing:
            await provision(client, contract, found)
            return Finding(name, ok=True, detail=f"{len(found.words)} made: {', '.join(found.words)}")
    except RevmarkError as error:
        step = advice(error, url, "give the app the crm.schemas scopes, then: revmark check --create")
        return Finding(name, ok=False, detail=error.message, next_step=step)
    if found.nothing:
        return Finding(name, ok=True, detail="all are there")
    more = found.objects or found.events or found.shown - SHAPES.keys()
    step = "revmark provision --yes" if more else "revmark check --create"
    return Finding(name, ok=False, detail=f"{len(found.words)} are missing: {', '.join(found.words)}", next_step=step)
