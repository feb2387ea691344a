"""Pairs of customers, whole: every reason in its order, the score, and what a person can do."""

from __future__ import annotations

from typing import Any

import pytest

from agents.rules.duplicates import Customer, Found, customer, duplicates


def firm(number: int, crm: dict[str, Any] | None = None, erp: dict[str, Any] | None = None, **more: Any) -> Customer:
    """A customer with what each side shows."""
    refs = (f"hubspot/company/{number}" if crm else None, f"xero/contact/{number}" if erp else None)
    return customer(f"company:{number:03}", crm, erp, refs=more.pop("refs", refs), **more)


def test_what_is_compared_comes_of_both_sides_and_is_normalized():
    crm = {
        "name": "Acme Ltd", "domain": " WWW.Acme.example ", "phone": "+64 (9) 555-0101", "tax_number": "GB 1-2",
        "shipping_address": {"postal_code": "ab1 2cd"},
    }  # fmt: skip
    erp = {"name": "ACME & Co", "tax_number": "gb12", "phone": "", "shipping_address": {"postal_code": None}}
    assert customer("company:1", crm, erp, refs=("c", "e"), emails=[" Ann@A.example", ""]) == Customer(
        record="company:1", label="Acme Ltd", crm="c", erp="e", names=frozenset({"acme", "acme and"}),
        domains=frozenset({"acme.example"}), taxes=frozenset({"gb12"}), postcodes=frozenset({"ab12cd"}),
        emails=frozenset({"ann@a.example"}), phones=frozenset({"95550101"}),
    )  # fmt: skip
    assert customer("company:1", None, {}, refs=(None, None)) == Customer("company:1", "company:1")


def test_a_pair_says_all_its_reasons_strongest_first():
    shared = {"name": "Acme", "domain": "a.example", "phone": "5550101", "shipping_address": {"postal_code": "1"}}
    left, right = firm(1, shared, emails=["a@a.example", "b@a.example"]), firm(2, shared, emails=["a@a.example"])
    (pair,) = duplicates([right, left], least=0).pairs
    assert (pair.left, pair.right, pair.score) == (left, right, 100)  # never more than sure
    assert pair.reasons == (
        "same name and postcode: acme 1", "same e-mail: a@a.example", "same domain: a.example", "same phone",
    )  # fmt: skip


def test_a_name_beside_another_key_adds_to_it():
    both = {"name": "Zeta", "domain": "a.example"}, {"name": "Alpha", "domain": "a.example"}
    (pair,) = duplicates([firm(1, *both), firm(2, *both)], least=0).pairs
    assert pair.reasons == ("same domain: a.example", "same name: alpha")
    assert pair.score == 55
    (pair,) = duplicates([firm(1, both[0]), firm(2, both[1])], least=0).pairs
    assert pair.reasons == ("same domain: a.example",)


@pytest.mark.parametrize(
    ("left", "right", "score"),
    [
        ({"domain": "a", "tax_number": "1"}, {"domain": "a", "tax_number": "2"}, 0),  # never less than nothing
        ({"domain": "a", "tax_number": "1"}, {"domain": "a"}, 35),
        ({"domain": "a", "tax_number": "1"}, {"domain": "a", "tax_number": "1"}, 95),
        ({"domain": "a", "phone": "1"}, {"domain": "a", "phone": "2"}, 35),
    ],
)
def test_scores_have_a_floor_and_no_evidence_is_none(left: dict[str, str], right: dict[str, str], score: int):
    (pair,) = duplicates([firm(1, left), firm(2, right)], least=0).pairs
    assert pair.score == score


def test_the_likeliest_comes_first_and_then_the_order_of_records():
    strong, weak = {"tax_number": "7"}, {"domain": "a.example"}
    made = [firm(4, weak), firm(2, weak), firm(3, weak), firm(9, strong), firm(8, strong)]
    found = duplicates(made, least=0).pairs
    assert [(pair.left.record[-1], pair.right.record[-1], pair.score) for pair in found] == [
        ("8", "9", 60), ("2", "3", 35), ("2", "4", 35), ("3", "4", 35),
    ]  # fmt: skip


@pytest.mark.parametrize(("number", "pairs", "crowded"), [(25, 300, ()), (26, 0, (("domain a", 26),))])
def test_a_crowd_is_more_than_twenty_five(number: int, pairs: int, crowded: tuple[tuple[str, int], ...]):
    found = duplicates([firm(each, {"domain": "a"}) for each in range(number)], least=0)
    assert (len(found.pairs), found.crowded) == (pairs, crowded)


def test_beside_a_crowd_other_keys_still_count():
    crowd = [firm(each, {"domain": "a"}) for each in range(26)]
    pair = [firm(40 + each, {"tax_number": "1", "domain": "a"}) for each in range(2)]
    found = duplicates([*crowd, *pair], least=0)
    assert found.crowded == (("domain a", 28),)
    assert [one.reasons for one in found.pairs] == [("same tax number: 1",)]
    assert duplicates([], least=0) == Found((), ())


@pytest.mark.parametrize(
    ("left", "right", "advice"),
    [
        (("c1", "e1"), ("c2", "e2"), "merge c1 and c2 in the CRM, and merge e1 and e2 in the ERP"),
        (("c1", None), ("c2", "e2"), "merge c1 and c2 in the CRM"),
        (("c1", "e1"), (None, "e2"), "merge e1 and e2 in the ERP"),
        (("c1", None), (None, "e2"), "revmark links relink c1 e2 --why ..."),
        ((None, "e1"), ("c2", None), "revmark links relink c2 e1 --why ..."),
    ],
)
def test_a_pair_says_what_can_be_done(left: tuple[str, str], right: tuple[str, str], advice: str):
    made = [firm(1, {"domain": "a"}, refs=left), firm(2, {"domain": "a"}, refs=right)]
    assert duplicates(made, least=0).pairs[0].advice == advice
