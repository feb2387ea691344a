"""Whether a deployment is at work: what its rows say stands in the way of a test deal."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.readiness import changed_objects, obstacles
from schemas.contract import parse_contract, template
from streams.platforms.shares import SHARES
from streams.settings import Settings
from tests.support.contracts import contract

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CONTRACT = parse_contract(template())


def rows(**changed: Any) -> dict[str, Any]:
    """The lanes' rows of a deployment whose first readings have ended; keys as `main.xero|standing`."""
    kinds = {
        f"main.{platform}|cursor|{kind}": {"complete": True} for platform in SHARES for kind in SHARES[platform].page
    }
    return kinds | changed


def test_nothing_stands_in_the_way_of_one_that_is_at_work():
    assert list(obstacles(Settings(), CONTRACT, rows(), NOW)) == []


@pytest.mark.parametrize(("hours", "found"), [(1, 1), (-1, 0)])
def test_a_connection_that_is_parked_now(hours: int, found: int):
    standing = {"until": (NOW + timedelta(hours=hours)).isoformat(), "why": "the day's calls are spent"}
    said = list(obstacles(Settings(), CONTRACT, rows(**{"main.xero|standing": standing}), NOW))
    assert len(said) == found
    assert all("main.xero is parked until" in each and "the day's calls are spent" in each for each in said)


def test_a_first_reading_that_has_not_ended_is_named():
    (said,) = obstacles(Settings(), CONTRACT, rows(**{"main.xero|cursor|credit_note": {}}), NOW)
    assert said.startswith("the first reading of xero has not ended (credit note)")


@pytest.mark.parametrize(("approved", "found"), [("", 2), (CONTRACT.digest, 0), ("another", 2)])
def test_gated_workers_that_no_plan_lets_write(approved: str, found: int):
    standing = {f"main.{platform}|standing": {"approved": approved} for platform in SHARES}
    assert len(list(obstacles(Settings(gated=True), CONTRACT, rows(**standing), NOW))) == found


def test_a_contract_that_shows_records_elsewhere_is_told_before_a_worker_starts():
    at_first = {"main.hubspot|standing": {"objects": {"invoice": "native", "revenue": "revmark_revenue"}}}
    assert changed_objects(Settings(), CONTRACT, at_first) == ""
    assert changed_objects(Settings(), CONTRACT, {}) == ""
    other = {"main.hubspot|standing": {"objects": {"invoice": "revmark_invoice"}}}
    said = changed_objects(Settings(), CONTRACT, other)
    shown = contract({"platforms": {"objects": {"payment": "native"}}})
    on_another = {"main.hubspot|standing": {"objects": {"invoice": "native", "payment": "revmark_payment"}}}
    assert "objects.payment is native, and" in changed_objects(Settings(), shown, on_another)
    assert said.startswith("platforms.objects.invoice is native, and this deployment has shown it on revmark_invoice:")
