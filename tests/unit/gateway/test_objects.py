"""Which of our kinds a HubSpot event is about, under a contract that chooses a custom object for invoices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streams.gateway.hubspot import hubspot_hints
from streams.gateway.objects import TYPES, types_of
from streams.gateway.serve import build
from streams.platforms.hubspot.entries import understood
from streams.platforms.hubspot.shapes import LINE_ITEM, SHAPES
from streams.settings import Settings
from tests.support.contracts import contract, contract_text, shipped

RULES = {"platforms": {"objects": {"invoice": {"custom": "revmark_invoice"}}}}
CUSTOM = types_of(contract(RULES))
OWN, NATIVE = "2-400701", "0-53"


QUOTED = types_of(contract({"timing": {"order_when": "quote_accepted"}}))


def test_every_shape_has_its_type():
    assert {shape.type_id: kind for kind, shape in SHAPES.items()} | {"0-8": LINE_ITEM} == TYPES == types_of(shipped())


@pytest.mark.parametrize(
    ("types", "type_id", "kind"),
    [
        (TYPES, NATIVE, "invoice"),
        (TYPES, OWN, None),
        (CUSTOM, OWN, "invoice"),
        (CUSTOM, NATIVE, None),
        (TYPES, "0-14", None),
        (QUOTED, "0-14", "quote"),
    ],
)
def test_a_record_event_is_about_the_object_that_was_chosen(types: Any, type_id: str, kind: str | None):
    event = {"subscriptionType": "object.propertyChange", "objectTypeId": type_id, "objectId": 7, "portalId": 1}
    hints = hubspot_hints([event], "1", types)
    assert {name: list(ids) for name, ids in hints.records.items()} == ({kind: ["7"]} if kind else {})
    entry = {"action": "UPDATE", "portalId": 1, "objectTypeId": type_id, "objectId": 7}
    mentions, result = understood(entry, "1", types)
    assert [each.kind for each in mentions] == ([kind] if kind else [])
    assert result == ("accepted" if kind else "ignored")


@pytest.mark.parametrize(
    ("types", "type_id", "told"),
    [(TYPES, NATIVE, True), (TYPES, OWN, False), (CUSTOM, OWN, True), (CUSTOM, NATIVE, False)],
)
def test_an_association_is_told_of_the_object_that_was_chosen(types: Any, type_id: str, *, told: bool):
    """HubSpot's own invoices say INVOICE in the older spelling as well: the type id goes before it."""
    event = {
        "subscriptionType": "object.associationChange", "portalId": 1, "associationType": "INVOICE_TO_COMPANY",
        "fromObjectTypeId": type_id, "toObjectTypeId": "0-2", "fromObjectId": 7, "toObjectId": 8,
    }  # fmt: skip
    assert ("invoice" in hubspot_hints([event], "1", types).records) is told
    entry = {key: value for key, value in event.items() if key != "subscriptionType"}
    mentions, _ = understood({**entry, "action": "ASSOCIATION_ADDED"}, "1", types)
    assert [each.kind for each in mentions] == (["invoice"] if told else [])


def test_the_older_spelling_alone_is_still_understood():
    event = {"subscriptionType": "deal.associationChange", "portalId": 1, "associationType": "DEAL_TO_COMPANY",
             "fromObjectId": 7, "toObjectId": 8}  # fmt: skip
    assert list(hubspot_hints([event], "1").records) == ["deal"]


@pytest.mark.parametrize("text", [contract_text(RULES), "contract: 1", None])
def test_the_gateway_reads_the_contract_and_does_without_one(tmp_path: Path, text: str | None):
    path = tmp_path / "contract.yaml"
    if text is not None:
        path.write_text(text)
    gateway = build(Settings(contract=path)).state.gateway
    assert gateway.types == (CUSTOM if text == contract_text(RULES) else TYPES)
