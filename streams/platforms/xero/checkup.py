"""What `revmark check` asks of Xero: is the organisation reached, and are the contract's codes there.

In: a connection. Out: small dataclasses. Nothing is written, and each function is one call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from schemas.errors import Refused, Transient
from streams.platforms.xero import wire
from streams.platforms.xero.connection import Connection


@dataclass(frozen=True, slots=True)
class Reach:
    """An organisation that the grant reaches."""

    organisation: str
    name: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """What matters of an organisation. Lock dates are days, on or before which nothing can be posted."""

    name: str
    base_currency: str
    country: str
    timezone: str
    period_lock_date: str | None = None
    end_of_year_lock_date: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account that lines can be booked to, by its code."""

    code: str
    name: str
    type: str
    tax_type: str
    active: bool


@dataclass(frozen=True, slots=True)
class TaxType:
    """A tax rate by its code, which stays when people rename it (facts B6)."""

    code: str
    name: str
    active: bool
    on_revenue: bool


async def reached(connection: Connection) -> list[Reach]:
    """The organisations that the grant reaches."""
    value = await connection.connections()
    if not isinstance(value, list):
        raise Transient("Xero's answer to /connections is no list", code="envelope")
    rows = [row for row in value if isinstance(row, dict) and row.get("tenantType", "ORGANISATION") == "ORGANISATION"]
    return [Reach(_text(row, "tenantId"), _text(row, "tenantName")) for row in rows]


async def organisation(connection: Connection) -> Organisation:
    """The organisation of the connection."""
    rows = (await connection.get("Organisation")).rows("Organisations")
    if not rows:
        raise Transient("Xero names no organisation", code="envelope")
    row = rows[0]
    return Organisation(
        name=_text(row, "Name"),
        base_currency=_text(row, "BaseCurrency"),
        country=_text(row, "CountryCode"),
        timezone=_text(row, "Timezone"),
        period_lock_date=_day(row, "PeriodLockDate"),
        end_of_year_lock_date=_day(row, "EndOfYearLockDate"),
    )


async def accounts(connection: Connection) -> dict[str, Account]:
    """The accounts that have a code, by it."""
    rows = (await connection.get("Accounts")).rows("Accounts")
    found = (
        Account(
            code=_text(row, "Code"),
            name=_text(row, "Name"),
            type=_text(row, "Type"),
            tax_type=_text(row, "TaxType"),
            active=row.get("Status") == "ACTIVE",
        )
        for row in rows
    )
    return {each.code: each for each in found if each.code}


async def tax_types(connection: Connection) -> dict[str, TaxType]:
    """The tax rates, by code."""
    rows = (await connection.get("TaxRates")).rows("TaxRates")
    found = (
        TaxType(
            code=_text(row, "TaxType"),
            name=_text(row, "Name"),
            active=row.get("Status") == "ACTIVE",
            on_revenue=row.get("CanApplyToRevenue") is True,
        )
        for row in rows
    )
    return {each.code: each for each in found if each.code}


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _day(row: dict[str, Any], name: str) -> str | None:
    if not row.get(name):
        return None
    try:
        return wire.day(row[name])
    except ValueError as error:
        raise Refused(f"xero organisation: {name}: a day is expected", code="malformed") from error
