"""What is said when a record ends on one side, and when it is there again."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from agents.rules.endings import archived, back, ended, erased
from schemas.fact import Fact
from schemas.names import Entity, Side
from tables.entities import EntityState, Flight, SideState
from tests.support.casing import a_case, said
from tests.support.judging import ACME, fact

CUSTOMER_STAYS = (
    "deleted in the CRM: the customer stays in the ERP with its documents, and nothing is written there because of it; "
    "restored in the CRM, the link holds again"
)
MIRROR_GONE = (
    "its mirror was deleted in the CRM: the invoice stands in the ERP; it is not mirrored a second time, restore the "
    "mirror to see it again"
)
ARCHIVED = "archived in the ERP: the company stays in the CRM, its won deals wait; restored, the link holds again"
STAYS = "deleted in the CRM: it stays in the ERP; restored in the CRM, the link holds again"


def state(entity: Entity, *, crm: bool = True, erp: bool = True, **marks: Any) -> EntityState:
    """A record that is on both sides."""
    sides = {
        "crm": SideState(ref="hubspot/x/1" if crm else None, version=5, fields={"name": "n"}, edited={"name": 5}),
        "erp": SideState(ref="xero/x/1" if erp else None, version=6, fields={"name": "n"}, edited={"name": 6}),
    }
    record = ACME if entity is Entity.COMPANY else f"{entity.value}:1"
    return EntityState(entity, record, marks=marks, **sides)


def end(entity: Entity, side: Side, how: str = "deleted") -> Fact:
    """The news of it."""
    record = ACME if entity is Entity.COMPANY else f"{entity.value}:1"
    return fact(entity, side, {}, record=record, ref="there/x/1", deleted=True, ended=how, version=7)


@pytest.mark.parametrize(
    ("shown", "how", "reason"),
    [
        (state(Entity.COMPANY), "deleted", CUSTOMER_STAYS),
        (
            state(Entity.COMPANY),
            "merged",
            "there/x/1 was merged into another company of the CRM: what the ERP has of this customer stays as it is",
        ),
        (state(Entity.COMPANY, erp=False), "deleted", None),
        (state(Entity.COMPANY), "parted", None),
        (state(Entity.CONTACT), "merged", None),
        (state(Entity.CONTACT), "deleted", STAYS),
        (state(Entity.PRODUCT), "deleted", STAYS),
        (
            state(Entity.DEAL, order={"billed": True}),
            "deleted",
            "the deal was deleted in the CRM after it was billed: order and invoice stand; cancel them in the ERP",
        ),
        (
            state(Entity.DEAL, order={"lines": 1}),
            "deleted",
            "the deal was deleted in the CRM before it was billed: the order is not billed while it is gone",
        ),
        (state(Entity.DEAL), "deleted", STAYS),
        (state(Entity.DEAL, erp=False), "deleted", None),
        (state(Entity.CONTACT, order={"billed": True}), "deleted", STAYS),
        (state(Entity.INVOICE), "deleted", MIRROR_GONE),
    ],
)
def test_an_end_in_the_crm_is_said_and_ends_nothing(shown: EntityState, how: str, reason: str | None):
    case, shown = a_case(), deepcopy(shown)
    ended(case, shown, end(shown.entity, Side.CRM, how))
    found = said(case)
    assert [(each.ruling, each.rule, each.field) for each in found] == (
        [("hold", "guard.finance_kept", "")] if reason else []
    )
    assert [each.reason for each in found] == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("shown", "how", "reason"),
    [
        (
            state(Entity.COMPANY),
            "merged",
            "its contact was merged into another in the ERP: the company stays in the CRM, its won deals wait",
        ),
        (state(Entity.COMPANY), "archived", ARCHIVED),
        (state(Entity.COMPANY, crm=False), "archived", None),
        (state(Entity.INVOICE), "deleted", None),
    ],
)
def test_an_end_in_the_erp_is_said_of_a_company(shown: EntityState, how: str, reason: str | None):
    case, shown = a_case(), deepcopy(shown)
    ended(case, shown, end(shown.entity, Side.ERP, how))
    assert [each.reason for each in said(case)] == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("side", "before", "reason"),
    [
        (Side.CRM, "there/x/1", "it is back in the CRM: the link holds again"),
        (Side.ERP, "there/x/0", "in the ERP there/x/1 stands for it now: the link follows"),
    ],
)
def test_what_is_back_is_said(side: Side, before: str, reason: str):
    case, shown = a_case(), state(Entity.COMPANY)
    back(case, shown, end(Entity.COMPANY, side), before)
    assert [(each.ruling, each.rule, each.field, each.reason) for each in said(case)] == [
        ("link", "identity", "", reason)
    ]


@pytest.mark.parametrize(("ref", "deleted", "waits"), [("x", True, True), ("x", False, False), (None, True, False)])
def test_nothing_is_billed_to_a_customer_whose_contact_has_ended(ref: str | None, deleted: bool, waits: bool):  # noqa: FBT001 - columns
    case = a_case()
    case.company().erp = SideState(ref=ref, deleted=deleted)
    why = "the customer's contact in the ERP is archived or was merged away: restore it, or link another"
    assert archived(case) == (why if waits else None)


@pytest.mark.parametrize(("known", "version"), [(5, 7), (9, 9)])
def test_what_was_erased_leaves_an_empty_row_that_remembers_it(known: int, version: int):
    shown = state(Entity.CONTACT, written_crm="w", respelled_erp="r", one_by_one="o", kept="k")
    shown.crm.version = known
    shown.baseline, shown.derived, shown.noted = {"name": "n"}, {"x": "n"}, {"y": "n"}
    shown.blocked = {"crm": {"name": "n"}, "erp": {"name": "n"}}
    shown.flights["erp"].append(Flight("c1", "update", {"name": "n"}))
    case = a_case()
    erased(case, shown, end(Entity.CONTACT, Side.CRM))
    assert shown.marks == {"kept": "k", "erased": True}
    assert (shown.crm.ref, shown.crm.deleted, shown.crm.version) == ("there/x/1", True, version)
    assert (shown.erp.ref, shown.erp.deleted, shown.erp.version) == ("xero/x/1", False, 6)
    assert all(side.fields == side.edited == {} for side in (shown.crm, shown.erp))
    assert (shown.baseline, shown.derived, shown.blocked) == ({}, {}, {"crm": {}, "erp": {}})
    assert shown.flights == {"crm": [], "erp": [Flight("c1", "update", {})]}
    (verdict,) = said(case)
    assert (verdict.field, verdict.ruling, verdict.rule) == ("", "hold", "privacy")
    assert verdict.reason.startswith(
        "erased in the CRM under privacy law: what was kept of the person is gone from the"
    )
    assert verdict.reason.endswith("and is not written again; the customer and its documents stay")
