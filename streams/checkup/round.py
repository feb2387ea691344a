"""The whole round: contract, broker, edges, HubSpot, Xero."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx

from schemas.contract import Contract, lint, load_contract
from schemas.errors import ContractError
from streams.checkup import broker, edges, hubspot, xero
from streams.checkup.finding import Finding
from streams.checkup.grant import Ask
from streams.settings import Settings

Keep = Callable[[str], None]
"""Keeps Xero's new refresh token where settings are read from."""


async def checkup(
    settings: Settings,
    *,
    create: bool = False,
    keep: Keep | None = None,
    ask: Ask | None = None,
    transports: dict[str, httpx.AsyncBaseTransport] | None = None,
) -> AsyncIterator[Finding]:
    """Look at everything, in the order in which one would mend it.

    Args:
        settings: the deployment's.
        create: make the properties that HubSpot lacks.
        keep: stores Xero's next refresh token, which takes the place of the one that a test uses up.
        ask: tells which grant the workers have stored; Kafka unless given.
        transports: httpx transports by platform, for tests.
    """
    contract: Contract | None = None
    try:
        contract = load_contract(settings.contract)
    except ContractError as error:
        yield Finding("contract", ok=False, detail=error.message, next_step="mend it, then: revmark contract lint")
    if contract is not None:
        errors = [found for found in lint(contract) if found.level == "error"]
        detail = "; ".join(f"{found.path}: {found.message}" for found in errors)
        step = "mend it, then: revmark contract lint" if errors else ""
        yield Finding(
            "contract", ok=not errors, detail=detail or f"{settings.contract}: {contract.name}", next_step=step
        )
    yield await broker.finding(settings)
    for finding in edges.findings(settings):
        yield finding
    doors = transports or {}
    async for finding in hubspot.findings(settings, contract, create=create, transport=doors.get("hubspot")):
        yield finding
    async for finding in xero.findings(settings, contract, keep=keep, ask=ask, transport=doors.get("xero")):
        yield finding
