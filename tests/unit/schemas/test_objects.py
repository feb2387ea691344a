"""On which object invoices are mirrored, as a contract says it."""

from __future__ import annotations

import pytest

from schemas.contract import lint
from schemas.errors import ContractError
from tests.support.contracts import contract


@pytest.mark.parametrize("chosen", ["native", {"custom": "revmark_invoice"}])
def test_a_contract_chooses(chosen: object):
    rules = contract({"platforms": {"objects": {"invoice": chosen}}})
    assert not [each for each in lint(rules) if each.path.startswith("platforms")]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("custom", "native"),
        ({"custom": "Revmark Invoice"}, "should match pattern"),
        ({"custom": "2-123"}, "should match pattern"),
        ({"custom": ""}, "should match pattern"),
        ({"custom": "x" * 51}, "at most 50 characters"),
        ({"costum": "revmark_invoice"}, "costum"),
    ],
)
def test_what_is_no_choice_is_named_with_its_place(chosen: object, said: str):
    with pytest.raises(ContractError, match=rf"platforms\.objects\.invoice(?s:.)*{said}"):
        contract({"platforms": {"objects": {"invoice": chosen}}})


def found(revenue: object, billed: dict[str, object] | None = None, **more: object) -> list[tuple[str, str]]:
    own = {"platforms": {"objects": {"revenue": revenue, **more}}, "mappings": MAPPED, "attribution": TOUCHES}
    rules = contract({**own, "timing": billed} if billed else own)
    return [(each.path, each.message) for each in lint(rules) if each.path.startswith("platforms")]


MAPPED = {"company": {"custom_all": {"kind": "set", "crm": "all"}, "custom_one": {"crm": "one"}}}
TOUCHES = {"campaign": {"linear": "custom_all", "first_touch": "custom_one"}, "source": {"last_touch": "custom_one"}}
SHOWN = {"custom": "revmark_revenue"}
BILLED: dict[str, object] = {"subscriptions": {}}


@pytest.mark.parametrize("by", [None, "campaign.linear", "campaign.first_touch", "source", "custom_all", "product"])
def test_a_contract_has_revenue_shown(by: str | None):
    assert found({**SHOWN, "basis": ["cash"], "by": by}) == []


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("campaign", "add --model first_touch or linear"),
        ("campaign.last_touch", "names no field for last_touch"),
        ("customer", "associated with its customer already"),
        ("deal", "associated with its deal already"),
        ("custom_none", "nothing is attributed by 'custom_none'"),
    ],
)
def test_what_revenue_cannot_be_split_by_is_named(by: str, said: str):
    ((path, message),) = found({**SHOWN, "by": by})
    assert path == "platforms.objects.revenue.by"
    assert said in message


def test_revenue_needs_an_object_of_its_own():
    ((path, message),) = found({"custom": "revmark_invoice"}, invoice={"custom": "revmark_invoice"})
    assert (path, "mirrors invoices already" in message) == ("platforms.objects.revenue.custom", True)


@pytest.mark.parametrize(
    ("revenue", "said"), [({}, "custom"), ({**SHOWN, "basis": []}, "basis"), ("native", "dictionary")]
)
def test_what_is_no_choice_of_revenue_is_named(revenue: object, said: str):
    with pytest.raises(ContractError, match=rf"platforms\.objects\.revenue(?s:.)*{said}"):
        contract({"platforms": {"objects": {"revenue": revenue}}})


@pytest.mark.parametrize("chosen", ["native", {"custom": "revmark_payment"}])
def test_a_contract_has_payments_shown(chosen: object):
    assert found(SHOWN, payment=chosen) == []


@pytest.mark.parametrize(
    ("others", "path", "said"),
    [
        ({"payment": SHOWN}, "revenue", "revmark_revenue shows payments already: revenue needs an object of its own"),
        (
            {"payment": {"custom": "one"}, "invoice": {"custom": "one"}},
            "payment",
            "one mirrors invoices already: payment needs an object of its own",
        ),
    ],
)
def test_an_object_holds_one_kind_of_record(others: dict[str, object], path: str, said: str):
    assert found(SHOWN, **others) == [(f"platforms.objects.{path}.custom", said)]


@pytest.mark.parametrize("kind", ["order", "subscription"])
def test_orders_and_subscriptions_are_shown_on_an_object_of_their_own(kind: str):
    for chosen in ("native", {"custom": "revmark_own"}):
        assert found(SHOWN, BILLED, **{kind: chosen}) == []
    taken = found(SHOWN, BILLED, **{kind: SHOWN})
    said = f"revmark_revenue shows {kind}s already: revenue needs an object of its own"
    assert taken == [("platforms.objects.revenue.custom", said)]
    assert found(SHOWN, BILLED, order={"custom": "one"}, subscription={"custom": "one"}) == [
        ("platforms.objects.subscription.custom", "one shows orders already: subscription needs an object of its own")
    ]


def test_subscriptions_that_are_never_billed_show_nothing():
    ((path, message),) = found(SHOWN, subscription="native")
    assert (path, "timing.subscriptions" in message) == ("platforms.objects.subscription", True)


def test_the_pipeline_is_that_of_hubspots_own_orders():
    assert found(SHOWN, order="native", order_pipeline="none") == []
    for order in ({}, {"order": {"custom": "revmark_order"}}):
        ((path, message),) = found(SHOWN, order_pipeline="none", **order)
        assert (path, "only HubSpot's own orders" in message) == ("platforms.objects.order_pipeline", True)
    with pytest.raises(ContractError, match=r"platforms\.objects\.order_pipeline"):
        contract({"platforms": {"objects": {"order": "native", "order_pipeline": "theirs"}}})
