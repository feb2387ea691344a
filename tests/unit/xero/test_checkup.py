from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from streams.platforms.xero import checkup
from streams.platforms.xero.checkup import Reach

if TYPE_CHECKING:
    from tests.unit.xero.organisations import Rig


async def test_what_the_grant_reaches(rig: Rig):
    found = await checkup.reached(rig.client.connection)
    assert found == [Reach(rig.organisation.tenant_id, "Demo Company (NZ)")]


async def test_the_organisation(rig: Rig):
    found = await checkup.organisation(rig.client.connection)
    assert (found.name, found.base_currency, found.period_lock_date) == ("Demo Company (NZ)", "NZD", None)
    rig.organisation.period_lock_date = date(2026, 6, 30)
    assert (await checkup.organisation(rig.client.connection)).period_lock_date == "2026-06-30"


async def test_accounts_and_tax_types_by_code(rig: Rig):
    accounts = await checkup.accounts(rig.client.connection)
    assert (accounts["200"].name, accounts["200"].type, accounts["200"].active) == ("Sales", "REVENUE", True)
    assert "999" not in accounts
    taxes = await checkup.tax_types(rig.client.connection)
    assert taxes["OUTPUT2"].on_revenue
    assert taxes["OUTPUT2"].active
    assert not taxes["INPUT2"].on_revenue
