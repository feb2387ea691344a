"""Orders and subscriptions shown in HubSpot, over both sandboxes: on HubSpot's own objects or on others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console.explain.contract import Unreadable
from console.explain.explanation import explain
from console.explain.search import search
from console.projection.tables import Known
from sandbox.faults import Fault, FaultKind
from schemas.contract import Contract
from schemas.names import Entity, Side
from tests.simulation.counter import Sale
from tests.simulation.planned import Theatre, theatre
from tests.simulation.test_gone import settled
from tests.simulation.test_parts import pay
from tests.simulation.test_revenue_records import projected
from tests.simulation.test_subscriptions import MONTHLY, until
from tests.support.contracts import contract
from tests.support.ordered import KEY, unlike

OWN = {"order": "orders", "subscription": "subscriptions"}
OTHERS = {"order": "revmark_order", "subscription": "revmark_subscription"}
PARTS = {"invoice_when": "shipped", "partial": "each"}
PAUSED = "decisionmakerboughtin"
RECURRING = {"subscriptions": {"paused_when_deal_stage": [PAUSED]}}


def chosen(names: dict[str, str], **timing: Any) -> Contract:
    """The shipped contract, which shows orders and subscriptions."""
    objects = {kind: "native" if names is OWN else {"custom": name} for kind, name in names.items()}
    return contract({"timing": timing, "platforms": {"objects": objects}})


def records(stage: Theatre, name: str = "orders") -> list[dict[str, Any]]:
    return [row["properties"] for row in stage.sales.records(name)]


def agrees(sold: Sale, name: str = "orders") -> list[str]:
    """Where HubSpot's records of orders are not what Xero has billed, and the deal says."""
    stage = sold.stage
    said = {row["id"]: str(row["properties"]["revmark_order_status"]) for row in stage.sales.records("deals")
            if row["properties"].get("revmark_order_status")}  # fmt: skip
    shown = records(stage, name)
    return list(unlike(shown, {str(row[KEY]): sold.deal for row in shown}, said, stage.finance.invoices()))


def ends(stage: Theatre, name: str) -> set[tuple[str, int]]:
    """What records of an object are associated with."""
    ours = stage.world.platforms.portal.catalogue.get(name).type_id
    return {tuple(each["to"]) for each in stage.sales.state()["associations"] if each["from"][0] == ours}


@pytest.mark.parametrize("names", [OWN, OTHERS], ids=["HubSpot's own", "custom objects"])
def test_an_order_is_shipped_in_parts_paid_and_called_off(names: dict[str, str]):
    name = names["order"]
    with theatre(contract=chosen(names, **PARTS)) as stage:
        sold = Sale(stage, [("10", "50.00")])
        (row,) = records(stage, name)
        assert (row["revmark_order_status"], row["revmark_billed"]) == ("ordered", "0.00")
        sold.ship("4")
        assert agrees(sold, name) == []
        assert records(stage, name)[0]["revmark_order_status"] == "part_billed"
        sold.ship("10")
        pay(stage, f"RM-{sold.deal}", "230.00")
        sold.work()
        (row,) = records(stage, name)
        assert [row[f"revmark_{each}"] for each in ("order_status", "bills", "billed", "paid", "due")] == [
            "billed", f"RM-{sold.deal}, RM-{sold.deal}-2", "575.00", "230.00", "345.00",
        ]  # fmt: skip
        pay(stage, f"RM-{sold.deal}-2", "345.00")
        sold.work()
        assert agrees(sold, name) == []
        assert records(stage, name)[0]["revmark_order_status"] == "paid"
        sold.move("closedlost")
        assert agrees(sold, name) == []
        assert records(stage, name)[0]["revmark_order_status"] == "cancelled"
        assert ends(stage, name) >= {("0-2", int(stage.cast.companies["Tui"])), ("0-3", int(sold.deal))}
        told = {each.document for each in sold.events() if each.type == "order_created"}
        assert told == {row[KEY]}, "those who subscribe know it by the same id"


@pytest.mark.parametrize("names", [OWN, OTHERS], ids=["HubSpot's own", "custom objects"])
def test_a_subscription_runs_is_paused_and_ends_and_nobody_is_billed_by_hubspot(names: dict[str, str]):
    name = names["subscription"]
    with theatre(contract=chosen(names, **RECURRING)) as stage:
        sold = Sale(stage, [("2", "50.00")], **MONTHLY)
        until(sold, "2026-10-02")
        (row,) = records(stage, name)
        said = ("subscription_status", "periods", "next_bill_on", "ends_on", "amount")
        assert [row.get(f"revmark_{each}") for each in said] == ["running", "2", "2026-11-01", None, "100.00"]
        assert row.get("hs_invoice_creation") in {None, "off"}
        sold.move(PAUSED)
        assert records(stage, name)[0]["revmark_subscription_status"] == "paused"
        sold.move("closedwon")
        sold.move("closedlost")
        (row,) = records(stage, name)
        assert (row["revmark_subscription_status"], row.get("revmark_next_bill_on") or None) == ("ended", None)
        assert agrees(sold, names["order"]) == []
        assert ends(stage, name) >= {("0-2", int(stage.cast.companies["Tui"])), ("0-3", int(sold.deal))}


def test_answers_that_are_lost_and_webhooks_that_come_three_times_make_no_second_record():
    with theatre(contract=chosen(OWN)) as stage:
        stage.run(stage.world.sync())
        faults = stage.world.platforms.faults
        faults["xero"].add(Fault(FaultKind("webhook_duplicate"), rate=1.0, seed=1, params={"copies": 3}))
        path = "/crm/objects/2026-09/orders"
        lost = faults["hubspot"].add(Fault(FaultKind.DROP_AFTER, method="POST", path=path, times=2, seed=1))
        sold = Sale(stage, [("1", "10.00")])
        for _ in range(4):
            sold.work()
        assert lost.struck == 2
        assert agrees(sold) == []
        entries = [each for each in settled(stage).values() if each.command.entity is Entity.ORDER]
        assert {each.state for each in entries} == {"applied"}
        writes = [row for row in stage.world.platforms.writes("hubspot") if row.resource == "orders"]
        for _ in range(2):
            sold.work()
        again = [row for row in stage.world.platforms.writes("hubspot") if row.resource == "orders"]
        assert len(again) == len(writes), "what is there is not written again"


def test_a_record_that_people_deleted_is_made_anew_with_the_person_who_comes():
    name = OWN["order"]
    with theatre(contract=chosen(OWN)) as stage:
        stage.run(stage.world.sync())
        people = [each["id"] for each in stage.sales.records("contacts")]
        for each in people:
            stage.sales.delete("contacts", each)
        sold = Sale(stage, [("1", "10.00")])
        (record,) = stage.sales.records(name)
        assert {kind for kind, _ in ends(stage, name)} == {"0-2", "0-3"}
        stage.sales.delete(name, record["id"])
        for each in people:
            stage.sales.restore("contacts", each)
        for _ in range(3):
            sold.work()
        assert agrees(sold, name) == []
        (anew,) = stage.sales.records(name)
        assert anew["id"] != record["id"]
        assert {kind for kind, _ in ends(stage, name)} == {"0-1", "0-2", "0-3"}
        found = [each for each in settled(stage).values() if each.command.entity is Entity.ORDER]
        assert {(each.state, each.code) for each in found} == {("applied", ""), ("superseded", "absent")}


def test_an_order_is_explained_by_its_deal_and_its_record_by_its_write(tmp_path: Path):
    with theatre(contract=chosen(OWN)) as stage:
        Sale(stage, [("1", "10.00")])
        with projected(stage, tmp_path) as store:
            known = Known(store, stage.world.settings.tenant)
            deal = explain(known, str(search(known, "Honey")), Unreadable("not here"))
            assert deal.entity is Entity.DEAL, "the name is the deal's"
            (shown,) = [each for each in deal.holds if each.role == "order"]
            record = explain(known, str(search(known, shown.record)), Unreadable("not here"))
            assert {each.role for each in record.related} == {"deal", "company"}
            assert record.sides[Side.CRM].ref.startswith("hubspot:order:")
