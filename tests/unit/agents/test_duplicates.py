"""The detector of duplicates: reasons and scores, the same for the same customers in any order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.rules.duplicates import CROWD, Customer, bare, customer, duplicates, name_key


def firm(number: int, *, side: str = "crm", emails: tuple[str, ...] = (), **fields: Any) -> Customer:
    """A customer that one side has."""
    shown = {"name": f"Firm {number}", **fields}
    place = shown.pop("postcode", None)
    if place:
        shown["shipping_address"] = {"postal_code": place}
    crm = shown if side in {"crm", "both"} else None
    erp = shown if side in {"erp", "both"} else None
    refs = (f"hubspot/company/{number}" if crm else None, f"xero/contact/{number}" if erp else None)
    return customer(f"company:{number:04}", crm, erp, refs=refs, emails=emails)


@pytest.mark.parametrize(
    ("left", "right", "score", "reason"),
    [
        ({"tax_number": "GB 123-456"}, {"tax_number": "gb123456"}, 60, "same tax number: gb123456"),
        ({"domain": "Acme.example"}, {"domain": "www.acme.example"}, 35, "same domain: acme.example"),
        ({"emails": ("Ann@Acme.example",)}, {"emails": ("ann@acme.example ",)}, 40, "same e-mail: ann@acme.example"),
        (
            {"name": "The Ácme & Sons, Ltd.", "postcode": "AB1 2CD"}, {"name": "acme and sons", "postcode": "ab12cd"},
            45, "same name and postcode: acme and sons ab12cd",
        ),
        (
            {"name": "Acme Ltd", "domain": "acme.example", "phone": "+64 9 555 0101"},
            {"name": "Acme", "domain": "acme.example", "phone": "(09) 555-0101"}, 65, "same phone",
        ),
        (
            {"name": "Acme", "domain": "acme.example", "tax_number": "1"},
            {"name": "Acme", "domain": "acme.example", "tax_number": "2"}, 15, "but different tax numbers",
        ),
    ],
)  # fmt: skip
def test_each_reason_is_named_and_has_its_weight(left: Any, right: Any, score: int, reason: str):
    (pair,) = duplicates([firm(1, **left), firm(2, **right)], least=0).pairs
    assert pair.score == score
    assert reason in pair.reasons


def test_a_name_alone_brings_nobody_together():
    assert duplicates([firm(1, name="Acme"), firm(2, name="Acme")], least=0).pairs == ()


def test_what_scores_less_than_is_asked_for_is_left_out():
    pair = [firm(1, domain="a.example"), firm(2, domain="a.example")]
    assert [len(duplicates(pair, least=least).pairs) for least in (35, 36)] == [1, 0]


def test_the_two_sides_of_one_customer_are_no_pair():
    assert duplicates([firm(1, side="both", domain="a.example")], least=0).pairs == ()


@pytest.mark.parametrize(
    ("sides", "advice"),
    [
        (("crm", "crm"), "merge hubspot/company/1 and hubspot/company/2 in the CRM"),
        (("both", "erp"), "merge xero/contact/1 and xero/contact/2 in the ERP"),
        (("crm", "erp"), "revmark links relink hubspot/company/1 xero/contact/2 --why ..."),
        (("both", "both"), "in the CRM, and merge xero/contact/1 and xero/contact/2 in the ERP"),
    ],
)
def test_a_pair_says_what_a_person_can_do(sides: tuple[str, str], advice: str):
    made = [firm(number, side=side, domain="a.example") for number, side in enumerate(sides, 1)]
    assert advice in duplicates(made, least=0).pairs[0].advice


def test_a_key_that_a_crowd_shares_is_no_evidence_and_is_named():
    found = duplicates([firm(number, domain="mail.example") for number in range(CROWD + 1)], least=0)
    assert (found.pairs, found.crowded) == ((), (("domain mail.example", CROWD + 1),))


@pytest.mark.parametrize(
    ("name", "key"),
    [("Müller GmbH", "muller"), ("A.B.C. Inc", "abc"), ("Ltd", "ltd"), ("株式会社", "株式会社"), ("", "")],
)
def test_names_are_compared_without_form_case_and_accents(name: str, key: str):
    assert name_key(name) == key


NAMES = st.sampled_from(["Acme", "acme ltd", "Beta", None])
FIRMS = st.lists(
    st.fixed_dictionaries(
        {
            "side": st.sampled_from(["crm", "erp", "both"]),
            "name": NAMES,
            "domain": st.sampled_from(["a.example", "b.example", None]),
            "tax_number": st.sampled_from(["1", "2", None]),
            "postcode": st.sampled_from(["X1", None]),
        }
    ),
    max_size=8,
)


@given(FIRMS, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_same_customers_in_any_order_give_the_same_pairs(parts: list[dict[str, Any]], lots: Any):
    made = [firm(number, **fields) for number, fields in enumerate(parts)]
    mixed = list(made)
    lots.shuffle(mixed)
    found = duplicates(made, least=0)
    assert duplicates(mixed, least=0) == found
    assert all(pair.left.record < pair.right.record and pair.reasons for pair in found.pairs)


@given(st.text(st.characters(max_codepoint=127)))
def test_a_plain_text_is_made_bare_as_any_other(text: str):
    assert bare(text) == bare(f"{text}\u00e9").removesuffix("e")
