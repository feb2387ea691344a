"""Merges, deletions and restores in any order end in the same tables."""

from __future__ import annotations

from random import Random  # noqa: TID251 - an order, drawn from a seed
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.rules.identification import FIRST_READINGS
from schemas.change import Change
from tests.support.capturing import crm, deal, erp, erp_invoice, mark
from tests.support.shuffling import Lots, Office, interleaved

MARKS = [mark(side, kind) for side, kind in sorted({each for some in FIRST_READINGS.values() for each in some})]
NUMBERS = {"a": "1", "b": "2", "c": ""}


def world(primary: str, merges: list[str], gone: str, *, chain: bool, mutual: bool, moved: bool) -> list[list[Change]]:
    """Three linked customers. In the CRM 1 and 2, and then 3, are merged; in the ERP `merges` (loser, survivor)."""
    last, names = ("10", "1;2;3;9") if chain else ("9", "1;2")

    def contact(name: str, version: int = 1, **more: Any) -> Change:
        return erp(name, version=version, Name=name, **({"ContactNumber": NUMBERS[name]} if mutual else {}), **more)

    def survivor(version: int, *, deleted: bool = False) -> Change:
        return crm(last, version=version, deleted=deleted, merged=names, xero_contact_id=primary)

    contacts = {name: [contact(name)] for name in "abc"}
    invoices = {name: [contact(name), erp_invoice(f"i{name}", name)] for name in "abc"}
    for version, (loser, into) in enumerate(merges, 7):
        contacts[loser].append(contact(loser, version, ContactStatus="ARCHIVED", MergedToContactID=into))
        if moved:
            invoices[loser].append(erp_invoice(f"i{loser}", into, version=version))
    merged = [survivor(6)]
    if gone == "deleted":
        merged.append(survivor(20, deleted=True))
    if gone == "restored":
        merged += [survivor(20, deleted=True), survivor(21)]
    for name in set("abc") - {pair[0] for pair in merges} if gone == "archived" else ():
        contacts[name] += [contact(name, 20, ContactStatus="ARCHIVED"), contact(name, 21)]
    first = [[crm("9", version=5, merged="1;2", xero_contact_id=primary)]] if chain else []
    companies = [[crm(number, xero_contact_id=name)] for number, name in (("1", "a"), ("2", "b"), ("3", "c"))]
    deals = [
        [deal(number, owner, dealstage="contractsent"), deal(number, last, version=6, dealstage="contractsent")]
        for number, owner in (("7", "1"), ("8", "2"))
    ]
    return [*contacts.values(), *companies, *first, merged, *invoices.values(), *deals]


WORLDS = st.fixed_dictionaries(
    {
        "primary": st.sampled_from("ab"),
        "merges": st.sampled_from([[], ["ab"], ["ba"], ["ac"], ["ab", "bc"], ["ca", "ab"], ["ac", "bc"]]),
        "gone": st.sampled_from(["", "deleted", "restored", "archived"]),
        "chain": st.booleans(),
        "mutual": st.booleans(),
    }
).filter(lambda each: len(each["merges"]) < 2 or each["gone"] in {"", "archived"})
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def ended(told: list[Change], records: list[list[Change]], *, late: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables after all of it, with the first readings before or after."""
    found = Office()
    if not late:
        found.desk.ready()
    found.take(*told, *(MARKS if late else ()))
    found.settle(records)
    return found.links(), found.standing()


@given(WORLDS.filter(lambda each: each["gone"] != "deleted"), st.randoms(use_true_random=False), st.booleans())
@MANY
def test_merges_deletions_and_restores_in_any_order_end_in_the_same_tables(
    parts: dict[str, Any],
    lots: Lots,
    late: bool,  # noqa: FBT001 - drawn
):
    records = world(**parts, moved=not late)
    straight = ended([each for versions in records for each in versions], records, late=late)
    assert ended(interleaved(records, lots), records, late=late) == straight


@pytest.mark.parametrize("seed", range(12))
def test_the_link_of_another_loser_is_followed_also_when_the_survivors_own_counterpart_is_merged_later(seed: int):
    records = world(primary="a", merges=["ac"], gone="", chain=False, mutual=False, moved=True)
    straight = ended([each for versions in records for each in versions], records, late=False)
    assert ended(interleaved(records, Random(seed)), records, late=False) == straight  # noqa: S311 - an order


@pytest.mark.xfail(strict=True, reason="a survivor that is deleted before it could be placed leaves nothing to follow")
def test_a_survivor_that_is_deleted_before_its_counterpart_is_heard_of_is_placed_first():
    records = world(primary="a", merges=[], gone="deleted", chain=False, mutual=False, moved=True)
    straight = ended([each for versions in records for each in versions], records, late=False)
    assert ended(interleaved(records, Random(0)), records, late=False) == straight  # noqa: S311 - an order


@given(WORLDS, st.randoms(use_true_random=False))
@MANY
def test_whatever_the_order_no_record_stands_in_two_places_and_no_document_is_lost(parts: dict[str, Any], lots: Lots):
    records = world(**parts, moved=True)
    links, standing = ended(interleaved(records, lots), records, late=False)
    places = [(side, ref) for key, row in links.items() if "|i|" in key for side, ref in row.items()]
    assert len(places) == len(set(places))
    balances = [known[2] for known in standing.values() if isinstance(known, tuple)]
    assert sum(float(each.get("NZD", 0)) for each in balances) == 3 * 115
