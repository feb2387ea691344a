"""Records that nobody can read go to quarantine, and end no worker."""

import json
from typing import Any

import pytest

from agents.rules.result import Result
from agents.steps.reconcile import Reconcile
from schemas.change import Change
from schemas.fact import Fact
from schemas.names import Side
from streams.engine.view import View
from tests.support.capturing import Desk, crm, deal, erp
from tests.support.judging import Court, company, invoice
from tests.support.judging import deal as won


class Engine:
    """The engine's own view over an empty store."""

    def __init__(self) -> None:
        self.view = View({}.get)

    def get(self, key: str) -> Any:
        return self.view.get(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self.view[key] = value

    def __delitem__(self, key: str) -> None:
        del self.view[key]


def captured(change: Change, **more: Any) -> Result:
    desk = Desk(rows=Engine(), names=Engine()).ready()
    desk.take(erp("x1"), crm("1", xero_contact_id="x1"))
    return desk.take(json.dumps({**json.loads(change.to_bytes()), **more}).encode())


def with_line(**properties: Any) -> Change:
    shown = deal("7", "1")
    item = {"id": "71", "properties": {"quantity": "1", "price": "2", **properties}}
    return shown.model_copy(update={"raw": {**shown.raw, "line_items": [item]}})


@pytest.mark.parametrize(
    "properties",
    [
        {"amount": "1e30"},
        {"quantity": "1e9999999"},
        {"price": "1e9999999"},
        {"hs_sku": {"a": 1}},
        {"name": 1.5},
    ],
)
def test_a_line_item_nobody_can_read(properties: dict[str, Any]):
    assert len(captured(with_line(**properties)).refused) == 1


@pytest.mark.parametrize(
    "raw",
    [
        {"properties": {"dealname": "x"}, "associations": {"company": 7}},
        {"properties": {"dealname": "x"}, "associations": [1]},
    ],
)
def test_associations_nobody_can_read(raw: dict[str, Any]):
    assert len(captured(deal("7", "1").model_copy(update={"raw": raw})).refused) == 1


def test_versions_that_no_table_can_hold():
    assert len(captured(erp("x9"), version=2**70).refused) == 1


def heard(fact: Fact, **more: Any) -> Result:
    court = Court(records=Engine(), customers=Engine())
    court.known_everywhere()
    return court.hear(json.dumps({**json.loads(fact.to_bytes()), **more}).encode())


@pytest.mark.parametrize(
    "more",
    [
        {"fields": {"stage": "closedwon", "lines": "text", "currency": "NZD"}},
        {"fields": {"stage": "closedwon", "lines": [{}], "currency": "NZD"}},
        {"fields": {"stage": "closedwon", "lines": [{"sku": "a"}], "currency": "NZD", "closed_at": 7}},
        {"ref": "no reference"},
        {"version": 2**70},
        {"version": 10**17},
    ],
)
def test_facts_of_deals(more: dict[str, Any]):
    assert len(heard(won(50), **more).refused) == 1


@pytest.mark.parametrize("fields", [{"status": {}}, {"status": "posted", "total": 2**70}])
def test_facts_of_invoices(fields: dict[str, Any]):
    assert [index for index, _ in heard(invoice(50), fields=fields).refused] in ([], [0])


def test_facts_of_companies():
    assert len(heard(company(Side.ERP, 50), ref="x").refused) == 1


DOCUMENT = {
    "tenant": "main",
    "document": "invoice:1",
    "side": "erp",
    "day": "2026-09-01",
    "currency": "NZD",
    "total": "1",
    "due": "1",
    "counted": True,
    "version": 1,
    "seen_at": "2026-09-01T00:00:00Z",
}


@pytest.mark.parametrize("more", [{"day": "2026-99-99"}, {"day": ""}, {"total": "1e9999999"}, {"version": 2**70}])
def test_documents(more: dict[str, Any]):
    books, sums = Engine(), Engine()
    step = Reconcile()
    step([json.dumps(DOCUMENT).encode()], books, sums)
    assert len(step([json.dumps({**DOCUMENT, "document": "invoice:2", **more}).encode()], books, sums).refused) == 1
    assert not step([json.dumps({**DOCUMENT, "document": "invoice:3"}).encode()], books, sums).refused
