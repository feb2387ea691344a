from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
import yaml

from schemas.fact import Fact
from schemas.money import Money
from schemas.names import Side
from schemas.published import FOLDER, PUBLISHED, schemas, write
from schemas.revenue import RevenueEvent
from schemas.totals import Total
from schemas.wire import Wire
from streams.topics import Topics
from tests.support.contracts import contract_text
from tests.support.judging import START, Court, company, deal, invoice


def test_the_schemas_in_the_repository_are_those_of_the_code():
    kept = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert kept == schemas(), "run: make schemas"


def test_writing_them_gives_the_same_files(tmp_path: Any):
    assert [path.name for path in write(tmp_path / "json")] == list(schemas())
    assert (tmp_path / "json" / "revenue.json").read_text(encoding="utf-8") == schemas()["revenue.json"]


def test_every_public_topic_has_a_schema():
    assert {topic.name for topic in Topics() if topic.public} <= set(PUBLISHED)
    assert set(PUBLISHED) <= {topic.name for topic in Topics()}


def story() -> list[tuple[str, Wire]]:
    """Real records of the topics."""
    court = Court().known_everywhere()
    facts: list[Wire] = [company(Side.CRM, 5), deal(10), invoice(11)]
    court.hear(*facts)
    event = RevenueEvent(
        id="1", type="refund_made", tenant="main", customer="company:1", day="2026-09-01", occurred_at=START,
        money=Money(amount=Decimal("1E+2"), currency="NZD"),
    )  # fmt: skip
    total = Total(tenant="main", day="2026-09-01", currency="NZD", side=Side.CRM, total=Decimal("1.10"), due=Decimal(0))
    told: list[tuple[str, Wire]] = [("revenue", one) for one in court.events()]
    told += [("decisions", one) for one in court.verdicts()]
    told += [("facts", one) for one in facts]
    return [*told, ("revenue", event), ("totals", total)]


@pytest.mark.parametrize(("topic", "record"), story(), ids=lambda value: value if isinstance(value, str) else "")
def test_records_fit_the_published_schema(topic: str, record: Wire):
    schema = json.loads(schemas()[f"{topic}.json"])
    value = json.loads(record.to_bytes())
    jsonschema.validate(value, schema)
    assert type(record).from_bytes(record.to_bytes()) == record


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"guardz": {}}, "guardz"),
        ({"entities": {"company": {"fields": {"fone": {"owner": "crm"}}}}}, "fone"),
        ({"entities": {"compani": {"master": "crm"}}}, "compani"),
        ({"entities": {"company": {"fields": {"name": {"owner": "sales"}}}}}, "sales"),
        ({"examples": [{"example": "x", "when": {}, "then": {"filds": {}}}]}, "filds"),
    ],
)
def test_an_editor_sees_what_a_contract_may_not_hold(changes: dict[str, Any], said: str | None):
    found = jsonschema.Draft202012Validator(json.loads(schemas()["contract.json"])).iter_errors(
        yaml.safe_load(contract_text(changes))
    )
    told = [error.message for error in found]
    assert told == [] if said is None else any(said in message for message in told)


def test_a_subscriber_sees_amounts_as_texts():
    money = json.loads(schemas()["revenue.json"])["$defs"]["Money"]["properties"]["amount"]
    assert money["type"] == "string"


def test_a_newer_worker_may_say_more_than_an_older_one_reads():
    newer = json.loads(company(Side.CRM).to_bytes()) | {"invented_later": 1}
    assert Fact.from_bytes(json.dumps(newer).encode()) == company(Side.CRM)
