"""One record whole: from capture's and arbitrate's own tables, decisions and the ledger, as the topics hold them."""

import json
from collections.abc import Callable
from itertools import islice, permutations
from pathlib import Path

import pytest
from typer.testing import Result

from agents.meaning import meaning
from console.explain.document import Candidates, Explanation, FieldNow, Step
from console.explain.search import search
from console.projection.tables import Known
from schemas.contract import template
from schemas.errors import Refused
from schemas.names import Side
from tests.support.capturing import crm, crm_person, deal, erp, erp_invoice, link, payment
from tests.support.judging import at
from tests.unit.console.records import delivery, quarantined
from tests.unit.console.scene import Scene

Run = Callable[..., Result]


TERMS = {"Day": 30, "Type": "DAYSAFTERBILLDATE"}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Acme on both sides by the ERP's id, with a deal, an invoice and a payment; nothing waits to be written."""
    made = Scene(tmp_path)
    made.see(
        erp("a", Name="Acme", EmailAddress="ann@acme.example", FirstName="Ann", PaymentTerms={"Sales": TERMS}),
        crm("1", name="Acme", domain="acme.example", xero_contact_id="a"),
        deal("7", "1", dealname="Widgets", dealstage="contractsent"),
        erp_invoice("i", "a", InvoiceNumber="INV-9"),
        payment("p", "i", "a"),
    )
    for command in made.asked():
        made.write(command)
    return made


def field_of(found: tuple[FieldNow, ...], name: str) -> FieldNow:
    return next(each for each in found if each.field == name)


def taken_back(found: Explanation) -> Step:
    return next(each for each in found.history if (each.field, each.ruling) == ("payment_terms", "write_back"))


@pytest.mark.parametrize(
    "asked",
    [
        "hubspot:company:1",
        "HubSpot/company/1",
        "xero:contact:a",
        "xero:contact:A",
        "Acme",
        " acme ",
        "acme.example",
    ],
)
def test_a_company_is_found_by_ids_of_both_platforms_name_and_domain(scene: Scene, asked: str):
    found = scene.explain(asked)
    assert (found.label, found.entity.value) == ("Acme", "company")
    assert {side.value: shown.ref for side, shown in found.sides.items()} == {
        "crm": "hubspot:company:1",
        "erp": "xero:contact:a",
    }
    assert scene.explain(found.record) == found


def test_each_field_has_both_values_the_baseline_its_owner_and_the_contracts_line(scene: Scene):
    terms = field_of(scene.explain("hubspot:company:1").fields, "payment_terms")
    assert (terms.erp, terms.agreed, terms.state) == ("30 DAYSAFTERBILLDATE", "30 DAYSAFTERBILLDATE", "agreed")
    assert (terms.owner.decides, terms.owner.why) == ("erp", "the ERP owns it")
    line = terms.owner.contract
    assert line is not None
    assert template().splitlines()[(line.line or 0) - 1].strip() == line.text == "payment_terms: {owner: erp}"


def test_the_owner_follows_the_state_of_the_customer(tmp_path: Path):
    scene = Scene(tmp_path)
    scene.see(erp("a", Name="Acme"), crm("1", name="Acme", xero_contact_id="a", revmark_currency="NZD"))
    before = field_of(scene.explain("Acme").fields, "currency").owner
    assert (before.decides, before.rule, before.why) == (
        "crm",
        "owner",
        "the CRM owns it until the customer's first order",
    )
    scene.see(erp_invoice("i", "a"))
    found = scene.explain("hubspot:company:1")
    after = field_of(found.fields, "currency").owner
    assert (after.decides, after.rule) == ("erp", "guard.currency_lock")
    assert after.contract is not None
    assert after.contract.text.startswith("currency_lock: true")
    assert found.customer is not None
    assert found.customer.ordered


@pytest.mark.parametrize(
    ("rule", "decides", "why"),
    [
        ("{owner: {prospect: crm, ordered: erp}}", "erp", "the ERP owns it while it is ordered, clear"),
        (
            "{owner: {prospect: crm, otherwise: review}}",
            "review",
            "where both sides changed it, a person is asked while it is ordered",
        ),
        ("{policy: review}", "review", "a person is asked"),
        ("{policy: merge}", "merge", "on both"),
    ],
)
def test_who_decides_is_said_of_every_policy(scene: Scene, rule: str, decides: str, why: str):
    path = scene.folder / "contract.yaml"
    path.write_text(template().replace("phone: {policy: newest, tolerance_seconds: 5}", f"phone: {rule}"))
    owner = field_of(scene.explain("Acme").fields, "phone").owner
    assert owner.decides == decides
    assert why in owner.why


def test_an_owner_said_in_an_included_file_names_that_file(scene: Scene):
    (scene.folder / "phones.yaml").write_text("entities:\n  company:\n    fields:\n      phone: {policy: review}\n")
    whole = template().replace("      phone: {policy: newest, tolerance_seconds: 5}\n", "")
    (scene.folder / "contract.yaml").write_text(f"include: phones.yaml\n{whole}")
    owner = field_of(scene.explain("Acme").fields, "phone").owner
    assert owner.decides == "review"
    assert owner.contract is not None
    assert Path(owner.contract.file).name == "phones.yaml"
    assert (owner.contract.line, owner.contract.text) == (4, "phone: {policy: review}")
    (scene.folder / "phones.yaml").write_text("entities:\n  company:\n    fields:\n      phone: {owner: crm}\n    ")
    assert field_of(scene.explain("Acme").fields, "phone").owner.decides == "crm"


def test_the_history_says_rule_evidence_and_what_became_of_the_write(scene: Scene):
    scene.see(crm("1", version=9, name="Acme", xero_contact_id="a", revmark_payment_terms="90 DAYSAFTERBILLDATE"))
    step = taken_back(scene.explain("Acme"))
    assert (step.field, step.rule, step.crm, step.erp) == (
        "payment_terms", "owner", "90 DAYSAFTERBILLDATE", "30 DAYSAFTERBILLDATE",
    )  # fmt: skip
    assert step.meaning == meaning("owner") != ""
    assert step.write is not None
    assert (step.write.became, step.write.at) == ("asked for", None)
    terms = field_of(scene.explain("Acme").fields, "payment_terms")
    assert (terms.state, terms.on_its_way) == ("on its way", {Side.CRM: "30 DAYSAFTERBILLDATE"})


@pytest.mark.parametrize(
    ("state", "more", "became", "stands"),
    [
        ("applied", {}, "written", None),
        ("waiting", {"message": "the day's calls are spent", "until": at(900)}, "parked", "parked"),
        ("unknown", {"message": "the answer was lost", "until": at(900)}, "unknown", "unknown"),
        ("refused", {"message": "no such term"}, "refused", "refused"),
        ("superseded", {}, "superseded", None),
    ],
)
def test_each_end_of_a_write_is_told(scene: Scene, state: str, more: dict, became: str, stands: str | None):
    scene.see(crm("1", version=9, name="Acme", xero_contact_id="a", revmark_payment_terms="90 DAYSAFTERBILLDATE"))
    (command,) = [each for each in scene.asked(Side.CRM) if "payment_terms" in each.fields]
    scene.write(command, state, **more)  # type: ignore[arg-type]
    found = scene.explain("Acme")
    told = {step.write.command: step.write.became for step in found.history if step.write}
    assert told[command.id] == became
    assert [each.state for each in found.standing] == ([stands] if stands else [])
    for each in found.standing:
        assert each.next.startswith("revmark ")
        assert more["message"] in each.says
        assert ("not tried again before 2026-" in each.says) == ("until" in more)


def test_writes_whose_verdict_names_no_command_are_found_by_their_field(scene: Scene):
    steps = {each.field: each for each in scene.explain("Acme").history}
    assert steps["lifecycle"].write is not None
    assert steps["lifecycle"].write.fields["lifecycle"] == "customer"


def test_a_review_stands_until_both_sides_are_equal(scene: Scene):
    scene.see(crm("1", version=20, name="Acme", xero_contact_id="a", phone="04 200"))
    scene.see(erp("a", version=21, Name="Acme", Phones=[{"PhoneType": "DEFAULT", "PhoneNumber": "04 300"}]))
    for command in scene.asked():
        if "phone" in command.fields:
            scene.write(command, "superseded")
    scene.see(crm("1", version=23, name="Acme", xero_contact_id="a", phone="04 201"))
    found = scene.explain("Acme")
    (review,) = [each for each in found.standing if each.state == "review"]
    assert "04 201" in review.says
    assert "04 300" in review.says
    assert field_of(found.fields, "phone").state == "asked"
    scene.see(crm("1", version=40, name="Acme", xero_contact_id="a", phone="04 300"))
    assert [each for each in scene.explain("Acme").standing if each.state == "review"] == []


def test_a_held_order_leads_to_its_customer(scene: Scene):
    scene.see(erp("a", version=30, Name="Acme", ContactGroups=[{"Name": "Credit hold", "Status": "ACTIVE"}]))
    line = {"properties": {"name": "Widget", "quantity": "1", "price": "5"}}
    won = deal("7", "1", version=31, dealname="Widgets", deal_currency_code="NZD")
    scene.see(won.model_copy(update={"raw": {**won.raw, "line_items": [line]}}))
    found = scene.explain("Widgets")
    (held,) = [each for each in found.standing if each.state == "held"]
    assert held.says == "Acme is on credit hold in the ERP"
    assert found.customer is not None
    assert (found.customer.on_hold, held.next) == (True, f"revmark explain {found.customer.record}")
    scene.see(erp("a", version=33, Name="Acme"))
    assert [each for each in scene.explain("Widgets").standing if each.state == "held" and "hold" in each.says] == []


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("xero:payment:p", "a payment is the ERP's alone"),
        ("hubspot:deal:7", "in stage contractsent"),
    ],
)
def test_where_nothing_was_decided_it_says_why(scene: Scene, asked: str, says: str):
    found = scene.explain(asked)
    assert found.history == ()
    assert says in found.nothing_decided
    assert all(each.owner.why for each in found.fields)


def test_a_record_whose_company_is_not_known_waits_and_says_for_what(scene: Scene):
    scene.see(deal("8", None, dealname="Nobody's"), deal("9", "99", dealname="Of a stranger"))
    alone, stranger = scene.explain("hubspot:deal:8"), scene.explain("Of a stranger")
    assert (alone.standing[0].state, alone.standing[0].then) == ("waits", "associate it with a company in HubSpot")
    assert alone.history[0].ruling == "wait"
    assert "hubspot:company:99" in stranger.nothing_decided
    assert stranger.standing[0].next == "revmark explain hubspot:company:99"
    assert field_of(stranger.fields, "name").crm == "Of a stranger"


def test_a_proposal_comes_with_the_command_that_answers_it(scene: Scene):
    scene.see(erp("b", version=50, Name="Beta"), crm("2", version=51, name="Beta"))
    found = scene.explain("hubspot:company:2")
    proposed = next(each for each in found.standing if each.state == "proposed")
    assert proposed.next == 'revmark link hubspot/company/2 xero/contact/b --yes --why "..."'
    scene.see(link("2", "b"))
    assert not [each for each in scene.explain("hubspot:company:2").standing if each.state == "proposed"]


def test_a_quarantined_record_of_it_is_named(scene: Scene):
    raw = json.dumps({"type": "change", "platform": "hubspot", "kind": "company", "record_id": "1"}).encode()
    found = scene.explain("Acme", [*scene.deliveries(), delivery("quarantine", 0, quarantined(17, value=raw))])
    (held,) = [each for each in found.standing if each.state == "quarantined"]
    assert held.next == "revmark quarantine replay revmark.changes-0-17"


def test_a_merged_record_leads_to_the_one_it_is_now(scene: Scene):
    scene.see(crm("3", version=60, name="Acme", xero_contact_id="a", merged="1"), crm("1", version=61, deleted=True))
    assert scene.explain("hubspot:company:1").record == scene.explain("hubspot:company:3").record


def test_a_name_of_several_records_lists_each_with_its_command(scene: Scene):
    scene.see(crm("4", version=70, name="Gamma"), crm_person("5", "4", email="gamma"))
    store = scene.store()
    known = Known(store, "main")
    found = search(known, "Gamma")
    assert isinstance(found, Candidates)
    assert {each.entity for each in found.candidates} == {"company", "contact"}
    for each in found.candidates:
        assert search(known, each.command.removeprefix("revmark explain ")) == each.record
    store.close()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("hubspot:company:999", "no worker has seen it"),
        ("hubspot:compny:1", "did you mean 'company'"),
        ("hubspot:line_item:1", "a part of its deal"),
        ("company:0000000000000000", "no record has this id"),
        ("Nobody Ltd", "revmark decisions --customer"),
        ("  ", "say which record"),
    ],
)
def test_an_unknown_record_says_what_to_try(scene: Scene, asked: str, says: str):
    with pytest.raises(Refused, match=says):
        scene.explain(asked)


def test_without_a_contract_what_the_topics_hold_is_shown_all_the_same(scene: Scene):
    (scene.folder / "contract.yaml").unlink()
    found = scene.explain("Acme")
    assert found.contract is None
    assert "REVMARK_CONTRACT" in found.problem
    assert found.history
    assert {each.owner.decides for each in found.fields} == {"unknown"}


def test_verdicts_of_another_contract_are_told(scene: Scene):
    path = scene.folder / "contract.yaml"
    path.write_text(path.read_text().replace("due_days: 20", "due_days: 21"))
    found = scene.explain("Acme")
    assert found.contract is not None
    assert found.contract.others == (scene.court.contract.digest,)


def test_the_order_in_which_topics_are_read_changes_nothing(scene: Scene):
    by_topic: dict[str, list] = {}
    for each in scene.deliveries():
        by_topic.setdefault(each.topic, []).append(each)
    whole = scene.explain("Acme")
    for order in islice(permutations(by_topic), 1, None, 5):
        assert scene.explain("Acme", [each for topic in order for each in by_topic[topic]]) == whole


@pytest.mark.usefixtures("scene")
def test_the_command_prints_plain_aligned_text_and_one_json_document(scene: Scene, run: Run):
    scene.store().close()
    said = run("explain", "Acme", "--offline")
    assert said.exit_code == 0, said.stderr
    assert "\x1b" not in said.stdout
    assert "payment terms  " in said.stdout
    assert "the ERP owns it (line " in said.stdout
    found = json.loads(run("explain", "xero:contact:a", "--json", "--offline").stdout)
    assert found["label"] == "Acme"
    assert found == json.loads(run("explain", found["record"], "--json", "--offline").stdout)
    assert run("explain", "nobody", "--offline").exit_code == 2
    many = run("explain", "a", "--offline")
    assert many.exit_code == 2
    assert "revmark explain " in many.stdout


@pytest.mark.parametrize(
    ("asked", "meant"), [("Acne", "Acme (company)"), ("acme.exmple", "Acme (company)"), ("INV-99", "INV-9 (invoice)")]
)
def test_a_slip_of_the_finger_is_answered_with_the_name_that_was_meant(scene: Scene, asked: str, meant: str):
    with pytest.raises(Refused) as caught:
        scene.explain(asked)
    assert f"Did you mean {meant}?" in str(caught.value)
    assert scene.explain(str(caught.value).rpartition(" ")[2]).label == meant.partition(" ")[0]


def test_what_is_like_no_name_gets_no_guess(scene: Scene):
    with pytest.raises(Refused, match="a record that was just made is here after the next poll"):
        scene.explain("Zebra Holdings")


def test_a_payment_is_found_by_what_it_is_called(scene: Scene):
    found = scene.explain("xero:payment:p")
    assert " on " in found.label
    assert scene.explain(found.label).record == found.record


def test_a_record_that_only_quarantine_holds_says_where_it_is(scene: Scene):
    change = json.dumps({"platform": "xero", "kind": "invoice", "record_id": "lost"}).encode()
    held = delivery("quarantine", 0, quarantined(17, value=change))
    with pytest.raises(Refused, match=r"Next: revmark quarantine show revmark\.changes-0-17"):
        scene.explain("xero:invoice:lost", [*scene.deliveries(), held])


def test_a_part_of_many_names_says_how_many_there_are(tmp_path: Path):
    scene = Scene(tmp_path)
    scene.see(*(crm(str(number), name=f"Branch {number}") for number in range(23)))
    store = scene.store()
    found = search(Known(store, "main"), "branch")
    store.close()
    assert isinstance(found, Candidates)
    assert (len(found.candidates), found.found) == (20, 23)


def test_a_company_leads_to_its_records_and_an_invoice_to_its_payments(scene: Scene):
    company, invoice = scene.explain("Acme"), scene.explain("INV-9")
    assert {each.role for each in company.holds} >= {"deal", "invoice", "payment", "contact"}
    assert [each.role for each in invoice.holds] == ["payment"]
    for each in (*company.holds, *invoice.holds):
        assert scene.explain(each.record).label == each.label


def test_a_record_that_moved_to_another_company_is_not_listed_with_the_one_before(scene: Scene):
    scene.see(erp("b", Name="Beta"), crm("2", name="Beta", xero_contact_id="b"), deal("7", "2", dealname="Widgets"))
    deals = [each.label for name in ("Acme", "Beta") for each in scene.explain(name).holds if each.role == "deal"]
    assert deals == ["Widgets"]
