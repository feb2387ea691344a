"""What HubSpot's own orders and subscriptions need of a portal, over both sandboxes: there, taken away, back again."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.names import Entity
from streams.platforms.hubspot.limits import PROBE
from streams.platforms.hubspot.stages import ORDERS
from tests.simulation.counter import Sale
from tests.simulation.planned import Theatre, theatre
from tests.simulation.test_gone import settled
from tests.simulation.test_order_records import OWN, chosen, records
from tests.simulation.test_parts import pay
from tests.simulation.test_subscriptions import MONTHLY
from tests.support.contracts import contract

BACK = PROBE.total_seconds()


def standing(stage: Theatre, sold: Sale) -> str:
    """What stops the connection: of a round in which something else was written, the next one says it."""
    stage.pass_by(BACK)
    sold.work()
    return str(stage.world.recorded().cursors[f"{stage.world.settings.connection('hubspot')}|standing"])


def states(stage: Theatre, entity: Entity) -> set[str]:
    return {each.state for each in settled(stage).values() if each.command.entity is entity}


def stages(stage: Theatre) -> set[tuple[Any, Any]]:
    return {(row["hs_pipeline"], row["hs_pipeline_stage"]) for row in records(stage)}


def test_an_order_goes_through_its_stages_and_one_that_somebody_moved_comes_back():
    with theatre(contract=chosen(OWN)) as stage:
        sold = Sale(stage, [("10", "50.00")])
        assert stages(stage) == {(ORDERS.id, "revmark_billed")}
        (row,) = stage.sales.records("orders")
        kind = stage.world.platforms.portal.catalogue.get("orders")
        theirs = next(iter(stage.world.platforms.portal.pipelines.of(kind).values()))
        stage.sales.edit("orders", row["id"], hs_pipeline=theirs.id, hs_pipeline_stage=next(iter(theirs.stages)))
        sold.work()
        assert stages(stage) != {(ORDERS.id, "revmark_billed")}, "it is not read"
        pay(stage, f"RM-{sold.deal}", "575.00")
        sold.work()
        assert stages(stage) == {(ORDERS.id, "revmark_paid")}


def test_where_the_stage_is_left_alone_the_status_is_told_all_the_same():
    objects = {"order": "native", "order_pipeline": "none"}
    with theatre(contract=contract({"platforms": {"objects": objects}})) as stage:
        Sale(stage, [("10", "50.00")])
        portal = stage.world.platforms.portal
        (own,) = portal.pipelines.of(portal.catalogue.get("orders")).values()
        assert stages(stage) == {(own.id, next(iter(own.stages)))}
        assert {row["revmark_order_status"] for row in records(stage)} == {"billed"}


@pytest.mark.parametrize("lost", ["pipeline", "property"])
def test_without_the_pipeline_or_a_property_the_connection_stands_still_says_what_to_run_and_nothing_is_lost(lost: str):
    with theatre(contract=chosen(OWN)) as stage:
        stage.run(stage.world.sync())
        portal = stage.world.platforms.portal
        kind = portal.catalogue.get("orders")
        held: dict[str, Any] = portal.pipelines.of(kind) if lost == "pipeline" else portal.dictionary.of(kind)
        name = ORDERS.id if lost == "pipeline" else "revmark_bills"
        gone = held.pop(name)
        portal.refresh_stages(kind)
        sold = Sale(stage, [("10", "50.00")])
        assert "Run: revmark provision --yes" in standing(stage, sold)
        assert (records(stage), "refused" in states(stage, Entity.ORDER)) == ([], False)
        held[name] = gone
        portal.refresh_stages(kind)
        stage.pass_by(BACK)
        sold.work()
        assert stages(stage) == {(ORDERS.id, "revmark_billed")}
        assert sold.shown("invoice_status") == ["posted"]


def test_an_account_that_collects_no_payments_waits_in_words_and_goes_on_when_it_does():
    with theatre(contract=chosen(OWN, subscriptions={})) as stage:
        stage.run(stage.world.sync())
        stage.world.platforms.portal.payments_enabled = False
        sold = Sale(stage, [("2", "50.00")], **MONTHLY)
        assert "subscription: {custom: revmark_subscription}" in standing(stage, sold)
        assert "refused" not in states(stage, Entity.SUBSCRIPTION)
        stage.world.platforms.portal.payments_enabled = True
        stage.pass_by(BACK)
        sold.work()
        (row,) = records(stage, "subscriptions")
        assert (row["revmark_subscription_status"], row["hs_status"]) == ("running", "active")
