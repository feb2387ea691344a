"""`revmark attribution`: a month's revenue by what earned it, and the proof that it is all of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import Result

from console.attributing import come
from console.projection.delivery import Delivery
from console.projection.store import Store
from schemas.contract import template
from schemas.errors import Refused
from schemas.names import Entity, Side
from tables.entities import EntityState, SideState, to_row
from tests.unit.console.records import ACME, delivery, event, total

Run = Callable[..., Result]
OTHER = "company:00000000000bbbb0"
MAPPED = """
mappings:
  company:
    custom_campaigns: {kind: set, crm: campaigns}
    custom_first: {crm: hs_analytics_first_touch_converting_campaign}
  deal:
    custom_order: {crm: po_number, erp: Reference}
    custom_first: {crm: first_campaign}
attribution:
  campaign: {first_touch: custom_first, linear: custom_campaigns}
  purchase: {first_touch: custom_order}
"""
LINES = {
    "lines": [
        {"sku": "ARM-7", "quantity": "1", "unit_price": "60.00", "amount": "60.00"},
        {"sku": "BOX-L", "quantity": "2", "unit_price": "10.00", "amount": "20.00"},
        {"sku": None, "quantity": "0", "unit_price": "0", "description": "Thank you"},
    ]
}


def row(offset: int, entity: Entity, nth: int, erp: dict[str, Any], customer: str = ACME, **more: Any) -> Delivery:
    """A record as both sides show it."""
    state = EntityState(entity=entity, id=f"{entity.value}:{nth}" if nth else customer, related=more.get("related", {}))
    if "status" in erp:
        state.erp = SideState(ref=f"xero/{entity.value}/{nth}", version=1, fields=erp)
    state.crm = SideState(ref=f"hubspot/{entity.value}/{nth}", version=1, fields=more.get("crm", {}))
    key = orjson.dumps(f"r|main|{customer}|{state.id}").decode()
    return delivery("tables.accounts", offset, orjson.dumps(to_row(state)), key)


def document(amount: str, day: str = "2026-11-20", status: str = "posted", **more: Any) -> dict[str, Any]:
    return {"status": status, "currency": "EUR", "date": day, "total": amount, "amount": amount} | more


def book() -> list[Delivery]:
    """Two customers: 100.00 and 50.00 invoiced, 10.00 of it credited, 60.00 paid and 5.00 of it sent back."""
    return [
        row(0, Entity.INVOICE, 1, document("100.00") | LINES, related={"deal": "deal:1"}),
        row(1, Entity.INVOICE, 2, document("50.00"), OTHER),
        row(2, Entity.CREDIT_NOTE, 3, document("10.00")),
        row(3, Entity.PAYMENT, 4, document("60.00", status="received"), related={"invoice": "invoice:1"}),
        row(4, Entity.PAYMENT, 5, document("5.00", status="received", refund=True)),
        row(5, Entity.INVOICE, 6, document("7.00", status="voided")),
        row(6, Entity.INVOICE, 7, document("8.00", day="2026-10-31")),
        row(7, Entity.DEAL, 1, {}, crm={"custom_order": "PO-7"}),
        row(8, Entity.COMPANY, 0, {}, crm={"custom_campaigns": ["autumn", "fair", "radio"], "custom_first": "fair"}),
        delivery("totals", 0, total(Side.ERP, "150.00", invoices=2), "main|2026-11-20|EUR||erp"),
        delivery("totals", 1, total(Side.ERP, "8.00", day="2026-10-31"), "main|2026-10-31|EUR||erp"),
        delivery("revenue", 0, event(1, deal="deal:1")),
    ]


@pytest.fixture(autouse=True)
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(template() + MAPPED, encoding="utf-8")
    monkeypatch.setenv("REVMARK_CONTRACT", str(path))


@pytest.fixture
def ask(store: Store, run: Run) -> Callable[..., Any]:
    store.apply(book())

    def shown(*options: str, code: int = 0) -> Any:
        done = run("attribution", "--month", "2026-11", "--offline", "--json", *options)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    return shown


def nets(found: Any) -> dict[str, str]:
    return {each["id"]: each["net"] for each in found["shares"]}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--by", "customer"], {ACME: "90.00", OTHER: "50.00"}),
        (["--by", "customer", "--basis", "cash"], {ACME: "55.00"}),
        (["--by", "deal"], {"deal:1": "100.00", "": "40.00"}),
        (["--by", "deal", "--basis", "cash"], {"deal:1": "60.00", "": "-5.00"}),
        (["--by", "custom_order"], {"PO-7": "100.00", "": "40.00"}),
        (["--by", "custom_campaigns"], {"autumn": "30.00", "fair": "30.00", "radio": "30.00", "": "50.00"}),
        (["--by", "product"], {"ARM-7": "75.00", "BOX-L": "25.00", "": "40.00"}),
        (["--by", "product", "--basis", "cash"], {"ARM-7": "45.00", "BOX-L": "15.00", "": "-5.00"}),
        (["--by", "campaign", "--model", "first_touch"], {"fair": "90.00", "": "50.00"}),
        (
            ["--by", "campaign", "--model", "linear"],
            {"autumn": "30.00", "fair": "30.00", "radio": "30.00", "": "50.00"},
        ),
        (["--by", "purchase"], {"PO-7": "100.00", "": "40.00"}),
        (["--by", "campaign.first_touch"], {"fair": "90.00", "": "50.00"}),
    ],
    ids=[
        "customer",
        "customer, cash",
        "deal",
        "deal, cash",
        "a field of deals",
        "a set of the company's",
        "lines",
        "lines of what was paid",
        "first touch",
        "every touch",
        "the only model",
        "a model behind its name",
    ],
)
def test_shares_come_to_the_month(ask: Callable[..., Any], options: list[str], expected: dict[str, str]):
    found = ask(*options)
    assert nets(found) == expected
    (whole,) = found["totals"]
    assert sum(map(Decimal, expected.values())) == Decimal(whole["net"])


def test_a_credit_note_counts_where_it_was_allocated_and_its_rest_for_the_customer(
    store: Store, ask: Callable[..., Any]
):
    set_against = {"allocations": [{"invoice": "1", "amount": "6.00"}, {"invoice": "unknown", "amount": "1.00"}]}
    store.apply([row(9, Entity.CREDIT_NOTE, 3, document("10.00") | set_against)])
    assert nets(ask("--by", "deal")) == {"deal:1": "94.00", "": "46.00"}
    assert nets(ask("--by", "product")) == {"ARM-7": "70.50", "BOX-L": "23.50", "": "46.00"}
    assert nets(ask("--by", "customer")) == {ACME: "90.00", OTHER: "50.00"}


@pytest.mark.parametrize("allocated", ["100.00", "60.00", None])
def test_a_credit_of_ours_takes_back_the_products_that_its_invoice_sold(
    store: Store, ask: Callable[..., Any], allocated: str | None
):
    whole = {"lines": [{"description": "all of it", "amount": "100.00"}]}
    rows = [{"invoice": "1", "amount": allocated}] if allocated else []
    note, of = document("100.00", allocations=rows) | whole, {"invoice": "invoice:1", "deal": "deal:1"}
    store.apply([row(9, Entity.CREDIT_NOTE, 3, note, related=of)])
    assert nets(ask("--by", "product")) == {"ARM-7": "0.00", "BOX-L": "0.00", "": "50.00"}
    assert nets(ask("--by", "deal")) == {"deal:1": "0.00", "": "50.00"}
    with_items = {"lines": [{"sku": "ARM-7", "amount": "100.00"}]}
    store.apply([row(10, Entity.CREDIT_NOTE, 3, note | with_items, related=of)])
    assert nets(ask("--by", "product")) == {"ARM-7": "-25.00", "BOX-L": "25.00", "": "50.00"}


def test_more_allocated_than_there_is_takes_off_no_more(store: Store, ask: Callable[..., Any]):
    twice = {"allocations": [{"invoice": "1", "amount": "8.00"}, {"invoice": "1", "amount": "8.00"}]}
    store.apply([row(9, Entity.CREDIT_NOTE, 3, document("10.00") | twice)])
    assert nets(ask("--by", "deal")) == {"deal:1": "92.00", "": "48.00"}


def test_in_the_base_currency_each_document_has_its_own_rate(store: Store, ask: Callable[..., Any], tmp_path: Path):
    store.apply([
        row(9, Entity.INVOICE, 1, document("100.00", currency_rate="0.500000"), related={"deal": "deal:1"}),
        row(10, Entity.INVOICE, 2, document("50.00", currency_rate="0.55"), OTHER),
        row(11, Entity.CREDIT_NOTE, 3, document("10.00", currency_rate="0.50")),
    ])  # fmt: skip
    path = tmp_path / "documents.csv"
    found = ask("--in-base", "--documents", str(path))
    assert (nets(found), found["in_base"]) == ({ACME: "180.00", OTHER: "90.91"}, "NZD")
    assert [each["currency"] for each in found["totals"]] == ["NZD"]
    assert found["proof"][0] | {"days": []} == {
        "of": "invoices", "currency": "EUR", "invoiced": "150.00", "stated": "150.00", "holds": True, "days": [],
    }  # fmt: skip
    lines = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert [(each["amount"], each["rate"], each["base_amount"]) for each in lines] == [
        ("10.00", "0.50", "20.00"), ("100.00", "0.500000", "200.00"), ("50.00", "0.55", "90.91"),
    ]  # fmt: skip


SUBSIDIARY = "subsidiary: {name: NZ, crm: billing_entity}\n"


@pytest.mark.parametrize(("name", "more", "books"), [("a.csv", "", ""), ("a.json", SUBSIDIARY, "NZ")])
def test_each_document_has_its_number_its_customer_and_the_day_of_its_rate(
    store: Store, ask: Callable[..., Any], tmp_path: Path, name: str, more: str, books: str
):
    of = {"credit_note": "credit_note:3"}
    store.apply([
        row(9, Entity.INVOICE, 1, document("100.00", number="INV-7", currency_rate="0.5")),
        row(10, Entity.INVOICE, 2, document("50.00", number="=INV-8"), OTHER),
        row(11, Entity.CREDIT_NOTE, 3, document("10.00", number="CN-1", reference="INV-7", currency_rate="0.4")),
        row(12, Entity.PAYMENT, 4, document("60.00", status="received", document="1", reference="bank")),
        row(13, Entity.PAYMENT, 5, document("5.00", status="received", refund=True), related=of),
        row(14, Entity.PAYMENT, 6, document("9.00", status="received", advance="prepayment", reference="PRE 1")),
    ])  # fmt: skip
    (tmp_path / "contract.yaml").write_text(template() + more, encoding="utf-8")
    path = tmp_path / name

    def listed(*options: str) -> dict[str, dict[str, str]]:
        ask("--documents", str(path), *options)
        content = path.read_text(encoding="utf-8")
        rows = json.loads(content) if path.suffix == ".json" else list(csv.DictReader(content.splitlines()))
        return {each["document"]: each for each in rows}

    posted, cash = listed(), listed("--basis", "cash")
    mark = "" if path.suffix == ".json" else "'"  # a spreadsheet takes no formula
    assert posted["invoice:1"] == {
        "document": "invoice:1", "number": "INV-7", "kind": "invoice", "day": "2026-11-20", "customer": ACME,
        "customer_name": "Acme Ltd", "names": ACME, "currency": "EUR", "amount": "100.00", "rate": "0.5",
        "rate_date": "2026-11-20", "base_currency": "NZD", "base_amount": "200.00", "subsidiary": books,
    }  # fmt: skip
    assert [posted["invoice:2"][each] for each in ("number", "customer", "customer_name", "rate", "rate_date")] == [
        f"{mark}=INV-8", OTHER, "", "", "",
    ]  # fmt: skip
    assert (posted["credit_note:3"]["number"], posted["credit_note:3"]["rate_date"]) == ("CN-1", "2026-11-20")
    numbers = {name: each["number"] for name, each in cash.items()}
    assert numbers == {"payment:4": "INV-7", "payment:5": "CN-1", "payment:6": "PRE 1"}


def test_what_keeps_no_rate_stays_in_its_currency_and_is_said(store: Store, run: Run, ask: Callable[..., Any]):
    store.apply([row(9, Entity.INVOICE, 2, document("50.00", currency_rate="0.5"), OTHER)])
    found = ask("--in-base")
    assert [(each["currency"], each["net"]) for each in found["totals"]] == [("EUR", "90.00"), ("NZD", "100.00")]
    said = " ".join(run("attribution", "--month", "2026-11", "--offline", "--in-base").stderr.split())
    assert "2 of the month's documents keep no rate" in said
    assert "revmark backfill --platform xero" in said


@pytest.mark.parametrize("value", ["[VIP] 7", '["a", "b"]', "true", "null"])
def test_a_text_is_one_name_whatever_it_looks_like(store: Store, ask: Callable[..., Any], value: str):
    store.apply([row(9, Entity.DEAL, 1, {}, crm={"custom_order": value})])
    assert nets(ask("--by", "custom_order")) == {value: "100.00", "": "40.00"}


def test_where_there_is_nothing_it_says_so_in_words(ask: Callable[..., Any], run: Run):
    ask()
    for basis, said in (("posted", "nothing was posted in 2026-01"), ("cash", "no money moved in 2026-01")):
        assert said in run("attribution", "--month", "2026-01", "--offline", "--basis", basis).stderr


def test_a_month_that_has_not_come_yet_is_refused_as_a_night_is(ask: Callable[..., Any], run: Run):
    ask()
    said = run("attribution", "--month", "2999-01", "--offline")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "2999-01 has not come yet in Pacific/Auckland: there is nothing to count" in " ".join(said.stderr.split())


def test_a_month_has_come_on_its_first_day_and_not_before():
    assert come("2026-12", "2026-12-01", "Pacific/Auckland") == "2026-12"
    assert come("2025-12", "2026-01-01", "Pacific/Auckland") == "2025-12"
    with pytest.raises(Refused, match=r"Next: revmark attribution --month 2026-11$"):
        come("2026-12", "2026-11-30", "Pacific/Auckland")


def test_the_posted_invoices_are_proven_against_the_erps_totals(ask: Callable[..., Any]):
    assert ask()["proof"] == [
        {"of": "invoices", "currency": "EUR", "invoiced": "150.00", "stated": "150.00", "holds": True, "days": []}
    ]


def test_where_they_differ_the_days_are_named_and_a_person_is_asked(store: Store, ask: Callable[..., Any], run: Run):
    store.apply([delivery("totals", 2, total(Side.ERP, "149.99", invoices=2), "main|2026-11-20|EUR||erp")])
    (proof,) = ask(code=1)["proof"]
    assert (proof["holds"], proof["days"]) == (False, ["2026-11-20"])
    said = run("attribution", "--month", "2026-11", "--offline")
    assert "they differ on 2026-11-20" in said.stdout
    assert "revmark reconcile --night DAY" in said.stderr


def test_two_days_that_make_up_for_each_other_are_told_apart(store: Store, ask: Callable[..., Any]):
    store.apply([
        delivery("totals", 2, total(Side.ERP, "140.00", invoices=2), "main|2026-11-20|EUR||erp"),
        delivery("totals", 3, total(Side.ERP, "10.00", day="2026-11-21"), "main|2026-11-21|EUR||erp"),
    ])  # fmt: skip
    (proof,) = ask(code=1)["proof"]
    assert (proof["invoiced"], proof["stated"], proof["days"]) == ("150.00", "150.00", ["2026-11-20", "2026-11-21"])


def test_people_read_names_and_a_line_that_says_it_is_all(ask: Callable[..., Any], run: Run):
    ask()
    said = run("attribution", "--month", "2026-11", "--offline").stdout
    assert "Acme Ltd" in said
    assert (
        "Of the month's invoices, before credit: 150.00 EUR invoiced: the stream's total of what the ERP posted" in said
    )


def test_a_file_for_spreadsheets_holds_no_formula(store: Store, ask: Callable[..., Any], tmp_path: Path):
    store.apply([row(9, Entity.DEAL, 1, {}, crm={"custom_order": "=1+1"})])
    path = tmp_path / "november.csv"
    ask("--by", "custom_order", "--csv", str(path))
    (first, _) = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    assert (first["name"], first["net"]) == ("'=1+1", "100.00")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--month", "November"], "is no month"),
        (["--month", "2026-13"], "is no month"),
        (["--month", "2026-11", "--by", "source"], "customer, deal and product, or campaign, purchase, custom_cam"),
        (["--month", "2026-11", "--by", "source"], "(under the keys that are there already)"),
        (["--month", "2026-11", "--by", "campaign"], "add --model first_touch or linear"),
        (["--month", "2026-11", "--by", "campaign", "--model", "last_touch"], "names no field for last_touch"),
        (["--month", "2026-11", "--by", "deal", "--model", "linear"], "deal knows no models: leave --model out"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_with_what_there_is(
    ask: Callable[..., Any], run: Run, options: list[str], word: str
):
    ask()
    said = run("attribution", "--offline", *options)
    assert said.exit_code == 2
    assert word in " ".join(said.stderr.split())


@pytest.mark.parametrize(("wish", "model"), [("source", None), ("source.linear", None), ("source", "linear")])
def test_what_the_contract_does_not_name_is_refused_with_the_lines_to_write(
    run: Run, store: Store, tmp_path: Path, wish: str, model: str | None
):
    store.apply(book())
    path = tmp_path / "contract.yaml"
    path.write_text(template(), encoding="utf-8")
    options = ["attribution", "--month", "2026-11", "--offline", "--by", wish, *(["--model", model] if model else [])]
    refused = run(*options)
    assert (refused.exit_code, refused.stdout) == (2, "")
    for word in ("`attribution:`", "Nothing was counted", "revmark contract lint", "revmark attribution --by source "):
        assert word in " ".join(refused.stderr.split())
    _, lines, _ = refused.stderr.split("\n\n")
    assert len(lines.splitlines()) == 3
    path.write_text(f"{template()}{lines.replace('PROPERTY', 'lead_source')}\n", encoding="utf-8")
    assert run("contract", "lint").exit_code == 0
    assert run(*options).exit_code == 0


@pytest.mark.parametrize("wish", ["deal:1", "Campaign", "custom_deal", "x" * 50, "a b"])
def test_a_name_that_no_contract_can_have_is_shown_as_one_that_it_can(run: Run, tmp_path: Path, wish: str):
    (tmp_path / "contract.yaml").write_text(template(), encoding="utf-8")
    refused = run("attribution", "--month", "2026-11", "--offline", "--by", wish)
    assert (refused.exit_code, "  campaign: {first_touch: custom_campaign}" in refused.stderr) == (2, True)
