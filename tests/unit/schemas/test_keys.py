"""Keys are parts joined by "|": what people type is only ever the last part, so it reaches no other scope."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.rules.identification import Identification
from schemas.names import Entity, Side, fits_reference, ref
from tables.identity import Identity
from tables.view import MemoryView
from tests.support.contracts import shipped

TYPED = st.text(alphabet="aA|/=w:@.\x1f\n0", min_size=1, max_size=12)


def claimed(entity: Entity, typed: str) -> set[str]:
    """The keys under which a record's SKU or e-mail is kept."""
    view = MemoryView()
    rules = Identification(Identity(view, "main"), shipped(), "main")
    customer = "" if entity is Entity.PRODUCT else "company:0000000000000001"
    row: dict[str, Any] = {
        "entity": entity.value, "side": "crm", "ref": "hubspot/x/1", "customer": customer, "parents": {}, "fields": {},
        "keys": {"sku" if entity is Entity.PRODUCT else "email": typed}, "merged_from": [], "deleted": False,
    }  # fmt: skip
    rules.new(entity, Side.CRM, "hubspot/x/1", row)
    return {key for key in view.rows if key.startswith("main|k|")}


@given(TYPED, TYPED)
@example("a|b", "a")
@example("x|email|a", "a")
def test_a_sku_is_the_last_part_of_its_key_and_meets_only_its_equal(one: str, other: str):
    first, second = claimed(Entity.PRODUCT, one), claimed(Entity.PRODUCT, other)
    assert len(first) == len(second) == 1
    assert (first == second) is (one.casefold() == other.casefold())
    (key,) = first
    assert key.endswith(f"|{one.casefold()}")


@given(TYPED)
def test_an_address_is_in_no_key(typed: str):
    assert claimed(Entity.CONTACT, typed) == set()


@given(TYPED, TYPED)
def test_what_fits_a_reference_stays_in_its_place(one: str, other: str):
    if fits_reference(one) and fits_reference(other):
        left, right = ref("xero", "contact", one), ref("xero", "contact", other)
        assert (f"main|{left}|{right}".split("|")) == ["main", left, right]
        assert left.split("/") == ["xero", "contact", one]


@pytest.mark.parametrize("text", ["", "a|b", "a/b", "a\x00b", "a\nb", "a\x7fb", "a\u202eb", "a\u2028b"])
def test_what_would_part_a_key_fits_no_reference(text: str):
    assert not fits_reference(text)


@pytest.mark.parametrize("text", ["12", "6f2d8c1e-52f1-4e0c-9b1a-0d3a5d1c7e42", "CUST 00-1", "Äpfel"])
def test_ids_fit_a_reference(text: str):
    assert fits_reference(text)
