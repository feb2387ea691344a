"""Fifty lost answers are a call or two, and tell of each what fifty calls would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sandbox.faults import Fault, FaultKind
from schemas.command import Command
from schemas.names import Entity
from streams.platforms.interface import Written
from streams.platforms.xero.questions import FILTER, questions
from tests.unit.xero.organisations import Rig
from tests.unit.xero.test_writing import NOWHERE, command, company, invoice, update


async def many(rig: Rig, commands: Sequence[Command]) -> tuple[dict[str, Written | None], int]:
    """What many look-ups in one find, and how many calls they took."""
    before, found = len(rig.calls("GET")), dict[str, Written | None]()
    async for some in rig.client.look_up_many(commands):
        assert not some.keys() & found.keys(), "each is answered once"
        found |= some
    return found, len(rig.calls("GET")) - before


async def alone(rig: Rig, commands: Sequence[Command]) -> tuple[dict[str, Written | None], int]:
    before, found = len(rig.calls("GET")), dict[str, Written | None]()
    for each in commands:
        await rig.clock.advance(2)  # what the minute allows
        found[each.id] = await rig.client.look_up(each)
    return found, len(rig.calls("GET")) - before


def proved(found: dict[str, Written | None]) -> dict[str, Any]:
    return {name: one and (one.state, one.ref, one.version) for name, one in found.items()}


@pytest.mark.parametrize(("entity", "most"), [("invoice", 1), ("company", 2), ("product", 1), ("update", 2)])
async def test_fifty_lost_answers_are_found_in_a_call_or_two_instead_of_fifty(rig: Rig, entity: str, most: int):
    contact = await rig.contact()
    there = [await rig.contact(f"There {number}") for number in range(50)] if entity == "update" else []
    makes = {
        "invoice": lambda number: invoice(rig, f"RM-{4_000_000 + number}", contact),
        "company": lambda number: company(rig, f"{900_000_000_000 + number}", name=f"C{number}"),
        "product": lambda number: command(
            rig, Entity.PRODUCT, "create", natural_key=f"W-{number}", fields={"name": f"W{number}"}
        ),
        "update": lambda number: update(rig, Entity.COMPANY, f"xero/contact/{there[number]}", phone=f"{number}"),
    }
    commands = [makes[entity](number) for number in range(50)]
    await rig.client.write(commands[:40])  # the last ten never arrived
    await rig.client.look_up(commands[0])  # looks at the hold group for the first time
    one_by_one, before = await alone(rig, commands)
    at_once, after = await many(rig, commands)
    assert (before, after) == (50, most)
    assert proved(at_once) == proved(one_by_one)
    assert [at_once[each.id] is not None for each in commands] == [True] * 40 + [False] * 10
    assert all(len(each) < 2_048 for each in rig.calls("GET"))


async def test_what_is_somebody_elses_or_was_never_sent_or_has_ended_is_not_found(rig: Rig):
    one, two = await rig.contact("One"), await rig.contact("Two")
    await rig.client.write([invoice(rig, "RM-1", one), invoice(rig, "RM-3", one)])
    commands = [
        invoice(rig, "RM-1", two), invoice(rig, "RM-3", one), company(rig, "9,1"), company(rig, '9"2'),
        update(rig, Entity.COMPANY, f"xero/contact/{NOWHERE}", phone="5"),
        update(rig, Entity.COMPANY, f"xero/contact/{one}", credit_hold=True),
    ]  # fmt: skip
    found, _ = await many(rig, commands)
    names = [each.id for each in commands]
    assert {names.index(name): bool(one) for name, one in found.items()} == {0: False, 1: True, 4: False, 5: False}


async def test_an_organisation_too_large_for_a_filter_is_asked_one_by_one(rig: Rig):
    commands = [company(rig, f"9{number}", name=f"C{number}") for number in range(3)]
    rig.app.state.faults.add(Fault(FaultKind.STATUS, "GET", "Contacts", times=1, params={"status": 400}))
    found, calls = await many(rig, commands)
    assert (found, calls) == ({}, 1)


@pytest.mark.parametrize("length", [1, 12, 200, 1_480, 4_000])
def test_no_filter_is_longer_than_forty_ids(rig: Rig, length: int):
    commands = [company(rig, f"{number:0{length}}") for number in range(120)]
    asked = list(questions(commands))
    assert all(len(each.query["where"]) <= FILTER and 1 < len(each.commands) <= 50 for each in asked)
    assert bool(asked) == (length < 1_000)
