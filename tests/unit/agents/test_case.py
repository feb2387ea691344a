"""What a case writes: commands and verdicts, whole, and when one is another."""

from __future__ import annotations

from typing import Any

import pytest

from agents.rules.case import Case, Spoken
from schemas.command import Command
from schemas.money import Money
from schemas.names import Entity, Side, connection_id
from schemas.verdict import Verdict
from tables.customers import CustomerState
from tables.entities import EntityState, Flight, SideState
from tests.support.casing import a_case, asked, said
from tests.support.judging import ACME, at

KIM = Spoken("kim", "she said so", "answer-1")


def record(**more: Any) -> EntityState:
    """Acme on both sides."""
    parts: dict[str, Any] = {
        "crm": SideState(ref="hubspot/company/1", version=-1, fields={"name": "C"}),
        "erp": SideState(ref="xero/contact/a", version=6, fields={"name": "E"}),
        "baseline": {"name": "B"},
    }
    return EntityState(Entity.COMPANY, ACME, **(parts | more))


def command(state: EntityState, case: Case | None = None, **more: Any) -> Command:
    """The last write that is asked for."""
    parts = {"side": Side.ERP, "kind": "update", "fields": {"name": "N"}, "reason": "why", **more}
    case = case or a_case()
    name = case.command(state, **parts)
    last = asked(case)[-1]
    assert last.id == name
    return last


def test_a_command_says_all_that_the_lane_needs():
    state, case = record(), a_case(first=True)
    found = command(state, case, rules=("b", "a", "b"), natural_key="key", links={"company": "x"}, compare=True)
    platform = case.contract.platforms.erp
    assert (found.tenant, found.platform, found.connection) == ("main", platform, connection_id("main", platform))
    assert case.result.outputs[0].topic == f"lanes.{platform}"
    assert case.result.outputs[0].key == found.connection.encode()
    assert (found.side, found.kind, found.entity, found.customer) == (Side.ERP, "update", Entity.COMPANY, ACME)
    assert (found.record, found.ref, found.natural_key, found.fields) == (ACME, "xero/contact/a", "key", {"name": "N"})
    assert (found.version, found.expected, found.links) == (6, {"name": "E"}, {"company": "x"})
    assert (found.compare, found.reason, list(found.rules), found.first) == (True, "why", ["a", "b"], True)
    assert (found.at, found.tier) == (at(60), case.contract.tiers.of(Entity.COMPANY, {"name": "N"}))
    assert state.counter == 1
    assert state.flights == {"crm": [], "erp": [Flight(found.id, "update", {"name": "N"}, first=True)]}


def test_a_creation_has_no_record_to_change():
    found = command(record(), kind="create")
    assert (found.ref, found.version, found.expected) == (None, None, None)
    assert (found.links, found.compare, list(found.rules), found.first) == ({}, False, [], False)
    assert command(record(), side=Side.CRM).version == 0  # a version that is not known is none


def test_each_command_is_another():
    state = record()
    ids = [command(state).id, command(state).id]
    assert state.counter == 2
    ids += [
        command(record(), a_case(tenant="second")).id,
        command(record(), a_case(customer=CustomerState(id="company:other"))).id,
        command(record(), side=Side.CRM).id,
        command(record(), kind="create").id,
        command(record(), fields={"name": "M"}).id,
        command(record(), links={"company": "x"}).id,
    ]
    other = record()
    other.id = "company:other"
    ids.append(command(other).id)
    assert len(set(ids)) == len(ids)
    assert command(record()).id == ids[0]


def verdict(state: EntityState, case: Case | None = None, **more: Any) -> Verdict | None:
    """The last verdict; None where it is not said."""
    parts = {"name": "name", "ruling": "take_crm", "rule": "owner", "reason": "why", **more}
    case = case or a_case()
    found = case.verdict(state, **parts)
    last = said(case)[-1:] if found else []
    assert [one.id for one in last] == ([found] if found else [])
    return last[0] if last else None


def test_a_verdict_says_all_that_people_ask():
    case, money = a_case(), Money(amount="5", currency="NZD")
    found = verdict(record(), case, chosen="C", written_to=Side.ERP, command="c1", by=KIM, money=money)
    assert found is not None
    assert (found.tenant, found.customer, found.entity, found.record) == ("main", ACME, Entity.COMPANY, ACME)
    assert (found.label, found.field, found.ruling, found.rule, found.reason) == (
        "C",
        "name",
        "take_crm",
        "owner",
        "why",
    )
    assert (found.baseline, found.crm, found.erp, found.chosen) == ("B", "C", "E", "C")
    assert (found.written_to, found.command, found.versions) == (Side.ERP, "c1", {"crm": -1, "erp": 6})
    assert (found.who, found.why, found.answer, found.money) == ("kim", "she said so", "answer-1", money)
    assert (found.contract, found.at) == (case.contract.digest, at(60))
    assert case.result.outputs[0].topic == "decisions"
    assert case.result.outputs[0].key == f"main|{ACME}".encode()
    plain = verdict(record(derived={"name": "D"}))
    assert plain is not None
    assert (plain.erp, plain.who, plain.why, plain.answer, plain.money) == ("D", "", "", None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"ruling": "take_erp"}, {"rule": "newest"}, {"reason": "because"}, {"chosen": "x"}, {"command": "c2"},
        {"by": KIM}, {"note": "elsewhere"},
    ],
)  # fmt: skip
def test_the_same_verdict_is_said_once_and_another_again(change: dict[str, Any]):
    state = record()
    first = verdict(state)
    assert verdict(state) is None
    second = verdict(state, **change)
    assert first is not None
    assert second is not None
    assert list(state.noted) == (["name", "elsewhere"] if "note" in change else ["name"])


@pytest.mark.parametrize("place", ["crm", "erp", "baseline"])
def test_other_values_make_another_verdict(place: str):
    state = record()
    first = verdict(state)
    (state.baseline if place == "baseline" else state.side(Side(place)).fields)["name"] = "other"
    second = verdict(state)
    assert first is not None
    assert second is not None
    assert first.id != second.id


@pytest.mark.parametrize("place", ["crm", "erp", "tenant", "record", "field"])
def test_the_same_words_at_another_place_or_version_have_another_id(place: str):
    state, case, more = record(), a_case(), {}
    if place in {"crm", "erp"}:
        state.side(Side(place)).version = 9
    elif place == "tenant":
        case = a_case(tenant="second")
    elif place == "record":
        state.id = "company:other"
    else:
        state.baseline["x"], state.crm.fields["x"], state.erp.fields["x"] = "B", "C", "E"
        more = {"name": "x"}
    first, second = verdict(record()), verdict(state, case, **more)
    assert first is not None
    assert second is not None
    assert first.id != second.id


def test_a_record_is_one_object_for_all_rules_and_is_judged_once():
    case = a_case()
    assert case.company() is case.state(Entity.COMPANY, ACME) is case.known(ACME)
    assert case.known("deal:1").entity is Entity.DEAL
    for each in (ACME, "deal:1", ACME):
        case.touch(each)
    assert list(case.touched) == [ACME, "deal:1"]
    assert case.seen_version(-1) == case.seen_version(0)
