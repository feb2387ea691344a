"""Edits of quarantined records: read as their topic's reader reads them, exact, under the key they came with."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from console.edits import READERS, Reading, amended, differences, edited, parse, put, reading
from schemas.command import Command
from schemas.errors import Refused
from schemas.names import Side
from schemas.wire import Wire, encode
from streams.platforms.registry import translators
from streams.topics import Topics
from tests.support.contracts import shipped
from tests.support.judging import ACME, company, deal
from tests.support.work import CONNECTION, create

CHANGE: dict[str, Any] = {
    "type": "change", "tenant": "main", "platform": "hubspot", "side": "crm", "kind": "company", "record_id": "7",
    "version": 5, "seen_at": "2026-09-01T09:00:00Z", "raw": {"properties": {"name": "Acme"}, "associations": {}},
}  # fmt: skip


def test_every_topic_that_agents_work_on_has_its_reader():
    assert READERS.keys() == {topic.name for topic in Topics() if topic.worked}


def reads(topic: str) -> Reading:
    found = reading(Topics(), f"revmark.{topic}", translators(shipped()))
    assert found is not None
    return found


def document(record: Wire) -> Any:
    return orjson.loads(record.to_bytes())


@pytest.mark.parametrize(
    ("assignment", "path", "expected"),
    [
        ("fields.name=Acme Ltd", ("fields", "name"), "Acme Ltd"),
        ("fields.total=115.00", ("fields", "total"), "115.00"),
        ("fields.lines.1.quantity=3", ("fields", "lines", 1, "quantity"), "3"),
        ("version=9", ("version",), 9),
        ("fields.total=null", ("fields", "total"), None),
        ('fields.phone="+64"', ("fields", "phone"), "+64"),
        ('fields.address={"city": "Otaki"}', ("fields", "address"), {"city": "Otaki"}),
    ],
)
def test_one_value_is_set_where_its_path_leads(assignment: str, path: tuple[Any, ...], expected: object):
    found: Any = put(
        {"version": 1, "fields": {"name": "", "total": "1.00", "lines": [{}, {"quantity": "2"}]}}, assignment
    )
    for step in path:
        found = found[step]
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("fields.name", "path=value"),
        ("felds.name=x", r"the record has no 'felds' \(it has: version, fields\)"),
        ("fields.lines.7.quantity=3", r"fields.lines has no '7' \(it has: 1 entries, from 0\)"),
        ("version.x=3", "version holds nothing"),
    ],
)
def test_a_path_that_leads_nowhere_says_what_is_there(assignment: str, said: str):
    with pytest.raises(Refused, match=said):
        put({"version": 1, "fields": {"lines": [{}]}}, assignment)


def test_an_amount_keeps_every_digit_and_is_never_a_float():
    typed = parse('{"raw": {"Total": 1234567890123456.10, "Rate": 1e3}}')
    assert encode(typed) == b'{"raw":{"Rate":"1000","Total":"1234567890123456.10"}}'
    broken = {**CHANGE, "raw": typed["raw"]}
    reads_changes = Reading("revmark.changes", reads("changes").read, {})
    assert b'"1234567890123456.10"' in edited(reads_changes, b"main", broken)


def test_what_is_no_json_is_told_with_its_line_and_column():
    with pytest.raises(Refused, match="line 3, column 3: Expecting ',' delimiter"):
        parse('{\n "a": 1\n  "b": 2}')
    with pytest.raises(Refused, match="NaN"):
        parse('{"a": NaN}')


def test_what_the_reader_would_refuse_names_the_place_and_what_was_expected():
    told = document(company(Side.CRM))
    with pytest.raises(Refused, match=r"fact\.side: Input should be 'crm' or 'erp'"):
        edited(reads("facts"), f"main|{ACME}".encode(), told | {"side": "left"})
    with pytest.raises(Refused, match=r"fields\.name: Input should be a valid string"):
        edited(reads("facts"), f"main|{ACME}".encode(), told | {"fields": {"name": 7}})
    with pytest.raises(Refused, match="natural_key: Input should be a valid string"):
        edited(reads("lanes.xero"), CONNECTION.encode(), document(create(1)) | {"natural_key": 7})


def test_a_change_is_translated_as_capture_will_translate_it():
    with pytest.raises(Refused):
        edited(reads("changes"), b"main", CHANGE | {"raw": {"properties": 7}})
    assert edited(reads("changes"), b"main", CHANGE) == encode(CHANGE)


@pytest.mark.parametrize(
    ("topic", "record", "key", "change"),
    [
        ("facts", deal(), f"main|{ACME}", {"customer": "company:other"}),
        ("facts", deal(), f"main|{ACME}", {"tenant": "other"}),
        ("lanes.xero", create(1), CONNECTION, {"connection": "main.other"}),
        ("lanes.xero", create(1), CONNECTION, {"tenant": "other"}),
    ],
)
def test_key_and_tenant_stay(topic: str, record: Wire, key: str, change: dict[str, str]):
    assert edited(reads(topic), key.encode(), document(record) | {"at_all": "ignored"})
    with pytest.raises(Refused, match=r"key is .* and stays"):
        edited(reads(topic), key.encode(), document(record) | change)


def test_the_tenant_of_a_change_stays():
    with pytest.raises(Refused, match="key is 'main' and stays; this one belongs under 'other'"):
        edited(reads("changes"), b"main", CHANGE | {"tenant": "other"})


def test_a_topic_that_no_worker_reads_takes_nothing():
    assert reading(Topics(), "revmark.revenue", {}) is None
    assert reading(Topics(prefix="other."), "revmark.changes", {}) is None


def test_the_differences_are_told_place_by_place():
    before = b'{"a": {"b": 1, "c": [1, 2]}, "d": 1}'
    assert differences(before, '{"a": {"b": 2, "c": [1, 3]}}') == [("a.b", 1, 2), ("a.c.1", 2, 3), ("d", 1, None)]
    assert differences(b"\xff", '{"a": 1}') == [("", None, {"a": 1})]


def test_of_a_refused_command_its_values_are_edited_and_nothing_else():
    taken: list[Command] = []
    made = create(1, fields={"number": "RM-1", "reference": "Widgets", "total": "115.10"})
    text = '{"fields": {"number": "RM-1", "reference": "W", "total": 115.20}}'
    assert amended(made, parse(text), taken.append) == {"number": "RM-1", "reference": "W", "total": "115.20"}
    (sent,) = taken
    assert sent.model_copy(update={"fields": made.fields}) == made
    for text in (
        '{"fields": {"number": "RM-2", "reference": "Widgets", "total": "115.10"}}',
        '{"fields": {"number": "RM-1", "total": "115.10"}}',
        '{"fields": {"number": "RM-1", "reference": "Widgets", "total": "115.10", "status": "posted"}}',
        '{"fields": {"number": "RM-1", "reference": "Widgets", "total": {}}}',
        '{"fields": [], "id": "c2"}', "[]", '{"fields": 7}',
    ):  # fmt: skip
        with pytest.raises(Refused):
            amended(made, parse(text), taken.append)
    assert len(taken) == 1, "what is refused here is not even offered"


def test_what_the_platforms_client_would_not_send_is_no_edit():
    def take(_command: Command) -> None:
        raise Refused("the field status: an invoice is not created as voided", code="payload")

    made = create(1, fields={"number": "RM-1", "status": "posted"})
    with pytest.raises(Refused, match="not created as voided"):
        amended(made, {"fields": {"number": "RM-1", "status": "voided"}}, take)
