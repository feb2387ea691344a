"""`revmark links`: the commands that change a link, and those that look for what should be one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agents.rules.duplicates import duplicates
from console.commands.links import check
from console.main import app
from console.suspects import customers_of
from schemas.errors import Refused
from schemas.names import Entity
from tables.entities import EntityState, SideState, to_row
from tests.unit.console.test_commands import Run


def row(record: str, *, deleted: bool = False, erp: dict[str, Any] | None = None, **crm: Any) -> tuple[str, Any]:
    state = EntityState(Entity(record.partition(":")[0]), record)
    state.crm = SideState(ref=f"hubspot/{record.replace(':', '/')}", version=1, fields=crm, deleted=deleted)
    if erp is not None:
        state.erp = SideState(ref=f"xero/contact/{record[-1]}", version=1, fields=erp)
    owner = record if record.startswith("company") else "company:1"
    return f"r|main|{owner}|{record}", to_row(state)


ROWS = dict(
    [
        row("company:1", name="Acme Ltd", domain="acme.example", erp={"name": "ACME", "tax_number": "12"}),
        row("contact:5", email="ann@acme.example"),
        row("company:2", name="Acme", domain="acme.example"),
        row("company:3", name="Gone", domain="acme.example", deleted=True),
        ("c|main|company:1", {"id": "company:1"}),
        ("r|other|company:9|company:9", row("company:9", domain="acme.example")[1]),
    ]
)


def test_customers_are_read_of_the_table_with_both_sides_and_their_people():
    first, second = customers_of(ROWS, "main")
    assert (first.record, first.crm, first.erp) == ("company:1", "hubspot/company/1", "xero/contact/1")
    assert (first.taxes, first.emails) == ({"12"}, {"ann@acme.example"})
    assert (second.record, second.erp) == ("company:2", None)
    (pair,) = duplicates([first, second], least=40).pairs
    assert pair.score == 55


@pytest.mark.usefixtures("filled")
def test_links_alone_lists_the_proposals_as_before(run: Run):
    assert run("links", "--offline").exit_code == 0


def test_a_word_without_a_reason_or_with_sides_exchanged_is_refused():
    def tried(*words: str) -> str:
        return CliRunner().invoke(app, ["links", "relink", *words]).output

    assert "is not on hubspot" in tried("xero/contact/a", "hubspot/company/1", "--why", "x")
    assert "--why must say something" in tried("hubspot/company/1", "xero/contact/a", "--why", " ")


def test_a_reference_is_taken_as_explain_spells_it():
    taken = check("hubspot:company:1", "xero/contact/a:b", "one firm")
    assert taken == ("hubspot/company/1", "xero/contact/a:b")
    with pytest.raises(Refused, match=r"Nothing was sent\. Next: revmark links"):
        check("hubspot:company", "xero:contact:a", "one firm")


def test_a_plan_that_has_no_place_is_refused_before_anything_is_read(tmp_path: Path):
    said = CliRunner().invoke(app, ["plan", "--out", str(tmp_path / "none" / "plan.json")])
    assert said.exit_code == 2
    assert "there is no folder" in said.output
    assert "Next: revmark plan --out plan.json" in " ".join(said.output.split())
