"""The facts on the page: what drifts, the worst first, one sheet with its owners, and JSON-LD to save."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from console.page.app import create_app
from console.page.facts import MOST, Facts
from console.page.worked import KEPT, Worked
from console.projection.store import Store
from schemas.contract import template
from schemas.errors import Refused, SettingsError
from streams.settings import Settings
from tests.unit.console.records import INERT
from tests.unit.facts.records import ACME, ARM, COMPANY, LEAD, OWN, PRODUCT, row


@pytest.fixture
def settings(store: Store, tmp_path: Path) -> Settings:
    """A deployment with a company whose name differs, a prospect, and a product whose price differs."""
    path = tmp_path / "contract.yaml"
    path.write_text(template("erp_led") + OWN, encoding="utf-8")
    store.apply([
        row(0, COMPANY, ACME | {"name": "ACME Limited", "custom_areas": ["Otago"]}, ACME),
        row(1, LEAD, {"name": INERT}, None),
        row(2, PRODUCT, ARM | {"price": "1400.00"}, ARM),
    ])  # fmt: skip
    return Settings(state=tmp_path, contract=path, broker="127.0.0.1:1", _env_file=None)  # type: ignore[call-arg]


@pytest.fixture
def facts(settings: Settings) -> Facts:
    return Facts(settings)


def test_what_drifts_comes_the_worst_first_with_amounts_as_people_read_them(store: Store, facts: Facts):
    found = facts.listed(store, "", "", "")
    assert [(each["kind"], each["label"], each["fact"]) for each in found["drifts"]] == [
        ("contradiction", "Robot arm", "price"), ("variant", "ACME Limited", "name"),
    ]  # fmt: skip
    assert (found["drifts"][0]["crm"], found["drifts"][0]["erp"]) == ("1,400.00 NZD", "1,380.00 NZD")
    assert found["counts"] == {"contradiction": 1, "unsettled": 0, "variant": 1, "missing": 0}
    assert [(each["label"], each["worst"], each["drifts"]) for each in found["sheets"]] == [
        ("Harbour Instruments", None, 0), (INERT, None, 0), ("ACME Limited", "variant", 1),
        ("Robot arm", "contradiction", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "drifting", "sheets"),
    [
        (("variant", "", ""), ["name"], 4),
        (("", "product", ""), ["price"], 1),
        (("variant", "product", ""), [], 1),
        (("", "", "ROBOT"), ["price", "name"], 1),
    ],
    ids=["of a kind", "of products", "of both", "called so"],
)
def test_words_narrow_it_down(store: Store, facts: Facts, wish: tuple[str, str, str], drifting: list[str], sheets: int):
    found = facts.listed(store, *wish)
    assert [each["fact"] for each in found["drifts"]] == drifting
    assert (found["drifts_of"], found["sheets_of"], len(found["sheets"])) == (len(drifting), sheets, sheets)


def test_of_many_the_first_are_listed_and_all_are_counted(store: Store, facts: Facts):
    many = [row(9 + n, f"product:{9 + n:016x}", {"sku": f"S-{n}", "name": f"Part {n}"}, None) for n in range(MOST + 1)]
    store.apply(many)
    found = facts.listed(store, "missing", "product", "")
    assert (len(found["drifts"]), found["drifts_of"]) == (MOST, MOST + 1)
    assert (len(found["sheets"]), found["sheets_of"]) == (MOST, MOST + 2)
    assert facts.listed(store, "", "product", f"part {MOST}")["sheets_of"] == 1


@pytest.mark.parametrize("wish", [("worse", "", ""), ("", "deal", "")], ids=["kind", "type"])
def test_a_wish_that_makes_no_sense_is_refused(store: Store, facts: Facts, wish: tuple[str, str, str]):
    with pytest.raises(SettingsError, match="not '"):
        facts.listed(store, *wish)


def test_a_sheet_says_of_each_fact_who_owns_it_and_what_both_say(store: Store, facts: Facts):
    found = facts.one(store, "ARM-7")
    (price,) = [each for each in found["facts"] if each["fact"] == "price"]
    assert price == {
        "fact": "price", "value": "1,380.00 NZD", "owner": "Xero", "settled": True, "why": price["why"],
        "crm": "1,400.00 NZD", "erp": "1,380.00 NZD",
    }  # fmt: skip
    assert [each["kind"] for each in found["drifts"]] == ["contradiction"]
    assert (found["record"], found["refs"]) == (PRODUCT, {"crm": "crm/product/3", "erp": "erp/product/3"})


def test_a_sheet_names_the_record_that_may_be_the_same(store: Store, facts: Facts):
    twin = "company:0000000000000009"
    store.apply([row(9, twin, ACME | {"name": "Acme Limited NZ", "domain": "acme.example"}, None),
                 row(10, COMPANY, ACME | {"domain": "acme.example"}, ACME)])  # fmt: skip
    assert [each for each in facts.one(store, COMPANY)["drifts"] if each["also"]] == []  # nobody waits for all of them
    facts.listed(store, "", "", "")
    beside = [each for each in facts.one(store, COMPANY)["drifts"] if each["also"]]
    assert [(each["record"], each["also"]) for each in beside] == [(COMPANY, twin)]
    assert [each["also"] for each in facts.one(store, twin)["drifts"] if each["also"]] == [twin]


def test_what_nobody_settled_is_told_and_left_out_of_what_is_saved(store: Store, facts: Facts):
    store.apply([row(9, COMPANY, ACME | {"phone": "+64 4 000 0000"}, ACME)])
    found = facts.one(store, COMPANY)
    assert found["unsettled"] == 1
    assert [each["fact"] for each in found["facts"] if not each["settled"]] == ["phone"]
    name, body = facts.linked(store, "", COMPANY, ids=False)
    (node,) = json.loads(b"".join(body))["@graph"]
    assert (name, "telephone" in node, "identifier" in node) == (f"{COMPANY.replace(':', '-')}.jsonld", False, False)


@pytest.mark.parametrize(
    ("of", "asked", "name", "nodes"),
    [
        ("", "", "facts.jsonld", ["seller", COMPANY, LEAD, PRODUCT]),
        ("product", "", "products.jsonld", ["seller", PRODUCT]),
        ("", PRODUCT, f"{PRODUCT.replace(':', '-')}.jsonld", ["seller", PRODUCT]),
        ("", "seller", "seller.jsonld", ["seller"]),
    ],
    ids=["all", "products", "one product with who offers it", "the seller"],
)
def test_sheets_are_saved_as_json_ld(store: Store, facts: Facts, of: str, asked: str, name: str, nodes: list[str]):
    called, body = facts.linked(store, of, asked, ids=True)
    assert called == name
    assert [each["@id"] for each in json.loads(b"".join(body))["@graph"]] == [
        f"#{each.replace(':', '-')}" for each in nodes
    ]


async def test_it_is_a_file_to_save_for_whoever_may_look(settings: Settings):
    transport = httpx.ASGITransport(app=create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as page:
        saved = await page.get("/api/facts.jsonld?type=product&ids=yes")
        assert saved.headers["content-disposition"] == 'attachment; filename="products.jsonld"'
        assert saved.headers["content-type"] == "application/ld+json"
        assert saved.json()["@graph"][1]["identifier"]
        assert (await page.get("/api/facts?name=arm")).json()["sheets_of"] == 1
        assert (await page.get("/api/sheet?record=nobody")).status_code == 404
        assert (await page.get("/api/facts?type=deal")).status_code == 400


def test_without_a_sheet_of_that_name_it_says_what_to_try(store: Store, facts: Facts):
    with pytest.raises(Refused, match="no record is called so"):
        facts.one(store, "Nobody")


class Steps:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_takes_long_is_worked_out_when_something_moved_and_not_too_often():
    clock, made = Steps(), []
    worked: Worked[int] = Worked(clock)

    def make() -> int:
        clock.now += 2  # seconds
        made.append(len(made))
        return len(made)

    assert worked.kept("wish") is None
    assert [worked.get("wish", 1, make), worked.get("wish", 1, make), worked.kept("wish")] == [1, 1, 1]
    assert worked.get("wish", 2, make) == 1  # it was made a moment ago, and took long
    clock.now += 20
    assert worked.get("wish", 1, make) == 1  # nothing has moved
    assert worked.get("wish", 2, make) == 2
    assert worked.get("another", 2, make) == 3


def test_of_many_wishes_the_oldest_is_forgotten_and_what_fails_is_not_kept():
    worked: Worked[int] = Worked(Steps())
    for wish in range(KEPT):
        worked.get(wish, 0, lambda: 1)
    worked.get(0, 0, lambda: 2)
    worked.get("one more", 0, lambda: 1)
    assert (worked.get(0, 0, lambda: 3), worked.get(1, 0, lambda: 4)) == (1, 4)

    def fail() -> int:
        raise Refused("no", code="usage")

    with pytest.raises(Refused):
        worked.get("fails", 0, fail)
    assert worked.get("fails", 0, lambda: 5) == 5
