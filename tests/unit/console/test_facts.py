"""`revmark facts`: the sheets of what the workers know, and where the systems drift apart."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from console.projection.store import Store
from schemas.contract import template
from tests.unit.facts.records import ACME, ARM, COMPANY, LEAD, OWN, PRODUCT, row

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(template("erp_led") + OWN, encoding="utf-8")
    monkeypatch.setenv("REVMARK_CONTRACT", str(path))


@pytest.fixture
def told(store: Store, run: Run) -> Callable[..., Any]:
    """Ask for JSON of a company whose name differs, a prospect, and a product whose price differs."""
    store.apply([
        row(0, COMPANY, ACME | {"name": "ACME Limited", "custom_areas": ["Otago"]}, ACME),
        row(1, LEAD, {"name": "Lead Ltd"}, None),
        row(2, PRODUCT, ARM | {"price": "1400.00"}, ARM),
    ])  # fmt: skip

    def shown(*options: str, code: int = 0) -> list[Any]:
        done = run("facts", *options, "--offline", "--json")
        assert done.exit_code == code, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]

    return shown


def test_drifts_are_listed_the_worst_first_and_ask_for_a_person(told: Callable[..., Any], run: Run):
    found = told(code=1)
    assert [(each["kind"], each["label"], each["fact"]) for each in found] == [
        ("contradiction", "Robot arm", "price"), ("variant", "ACME Limited", "name"),
    ]  # fmt: skip
    said = run("facts", "--offline")
    assert "4 fact sheets: 1 contradiction, 0 unsettled, 1 variant, 0 missing" in said.stderr
    assert "Xero owns it, and the other says otherwise" in said.stdout


def test_a_variant_alone_asks_for_nobody(told: Callable[..., Any]):
    (found,) = told("--type", "company")
    assert found["kind"] == "variant"


@pytest.mark.parametrize("asked", [PRODUCT, "ARM-7", "robot arm"])
def test_a_sheet_is_found_by_id_sku_and_name(told: Callable[..., Any], asked: str):
    (found,) = told("show", asked)
    facts = {each["fact"]: each for each in found["facts"]}
    assert (facts["price"]["value"], facts["price"]["currency"], facts["price"]["owner"]) == ("1380.00", "NZD", "Xero")
    assert facts["price"]["crm"] == "1400.00"


def test_the_sellers_sheet_is_the_contracts(told: Callable[..., Any], run: Run):
    (found,) = told("show", "seller")
    assert found["label"] == "Harbour Instruments"
    said = run("facts", "show", "seller", "--offline").stdout
    assert "5 Quay Street, Auckland, 1010, New Zealand" in said
    assert "New Zealand, Australia" in said


def test_people_read_a_sheet_with_owners(told: Callable[..., Any], run: Run):
    told("show", COMPANY)
    said = run("facts", "show", COMPANY, "--offline").stdout
    assert "ACME Limited" in said
    assert "Otago" in said
    assert "1,380.00 NZD" in run("facts", "show", "ARM-7", "--offline").stdout


def test_what_has_no_sheet_is_refused(store: Store, told: Callable[..., Any], run: Run, tmp_path: Path):
    told("show", COMPANY)
    store.apply([row(3, f"deal:{4:016x}", {"name": "A deal"}, None)])
    for asked, word in (("A deal", "there is no fact sheet of deal:"), ("Nobody", "no record is called so")):
        done = run("facts", "show", asked, "--offline")
        assert (done.exit_code, word in " ".join(done.stderr.split())) == (2, True)
    (tmp_path / "contract.yaml").write_text(template("erp_led"), encoding="utf-8")
    assert "the contract names no seller" in run("facts", "show", "seller", "--offline").stderr


def test_a_name_of_two_records_asks_which(store: Store, told: Callable[..., Any], run: Run):
    told("show", COMPANY)
    store.apply([row(3, f"company:{5:016x}", {"name": "Lead Ltd"}, None)])
    done = run("facts", "show", "Lead Ltd", "--offline")
    assert (done.exit_code, "may be several" in done.stderr) == (2, True)
    assert re.search(r"Nothing is shown. Next: revmark facts show company:\w{16}$", done.stderr.strip())


def test_a_mistyped_name_leads_to_the_sheet_that_is_meant(told: Callable[..., Any], run: Run):
    told("show", COMPANY)
    said = run("facts", "show", "ARM-9", "--offline").stderr.strip().splitlines()[-1]
    assert "there is no fact sheet of 'ARM-9': no record is called so. Did you mean Robot arm (product)? " in said
    assert said.endswith(f"Next: revmark facts show {PRODUCT}")
    assert run(*said.partition("Next: revmark ")[2].split(), "--offline").exit_code == 0
    assert run("facts", "show", "Nobody", "--offline").stderr.strip().endswith("Next: revmark facts")


def test_without_a_contract_nobody_owns_anything(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REVMARK_CONTRACT", "nowhere.yaml")
    done = run("facts", "--offline")
    assert (done.exit_code, "no contract at" in done.stderr) == (2, True)


def test_sheets_are_written_as_one_file_or_one_each(told: Callable[..., Any], run: Run, tmp_path: Path):
    told(code=1)
    path = tmp_path / "products.jsonld"
    assert run("facts", "export", "--offline", "--type", "product", "--out", str(path)).exit_code == 0
    found = json.loads(path.read_text(encoding="utf-8"))
    assert [each["@id"] for each in found["@graph"]] == ["#seller", f"#{PRODUCT.replace(':', '-')}"]
    folder = tmp_path / "sheets"
    said = run("facts", "export", "--offline", "--out", str(folder), "--ids")
    assert (said.exit_code, "4 fact sheets written below" in " ".join(said.stderr.split())) == (0, True)
    one = json.loads((folder / f"{PRODUCT.replace(':', '-')}.jsonld").read_text(encoding="utf-8"))
    assert (one["@context"], one["offers"]["price"]) == ("https://schema.org", "1380.00")
    assert one["identifier"][1] == {"@type": "PropertyValue", "propertyID": "erp/product", "value": "3"}


def test_unsettled_facts_are_told_and_a_folder_that_cannot_be_is_refused(
    store: Store, told: Callable[..., Any], run: Run, tmp_path: Path
):
    told(code=1)
    store.apply([row(3, COMPANY, ACME | {"phone": "+64 4 000 0000"}, ACME)])
    said = run("facts", "export", "--offline", "--out", str(tmp_path / "all.json"))
    assert "nobody has settled them: 1 fact. Next" in said.stderr
    (tmp_path / "taken").write_text("", encoding="utf-8")
    for place in (tmp_path / "taken" / "below", tmp_path / "nowhere" / "all.json"):
        said = run("facts", "export", "--offline", "--out", str(place))
        assert (said.exit_code, "cannot be written" in " ".join(said.stderr.split())) == (2, True)
