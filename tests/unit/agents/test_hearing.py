"""What the stream counts of a night, against what the platforms show."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from agents.rules.hearing import Heard, gone, unheard
from console.streamed import documents
from schemas.audit import Paper
from schemas.instants import to_millis
from schemas.names import Side
from tests.unit.agents.papers import AT, NIGHT, RULES, invoice, mirror

D = Decimal
BOOK = invoice("1")


def as_heard(paper: Paper, **more: Any) -> Heard:
    said = Heard(paper.side, paper.ref, paper.number, paper.day, paper.currency, paper.total, paper.counted)
    return replace(said, **more)


@pytest.mark.parametrize(
    ("said", "kind", "gap"),
    [
        (None, "missing", "100.00"),
        (as_heard(BOOK, total=D("90.00")), "amount", "10.00"),
        (as_heard(BOOK, total=D("99.99")), "rounding", "0.01"),
        (as_heard(BOOK, currency="AUD"), "currency", "100.00"),
        (as_heard(BOOK, counted=False), "void", "100.00"),
        (as_heard(BOOK, counted=False, day="2026-11-19"), "date", "100.00"),
    ],
)
def test_each_class(said: Heard | None, kind: str, gap: str):
    heard = {said.ref: said} if said else {}
    (found,) = unheard([BOOK], heard, RULES, ())
    assert (found.kind, found.figure, found.difference) == (kind, "stream", D(gap))
    assert (found.erp is not None, found.crm, found.mend.act) == (True, None, "read")
    (late,) = unheard([replace(BOOK, modified=to_millis(AT))], heard, RULES, ())
    assert (late.kind, late.mend.act, late.id) == ("late", "wait", found.id)


def test_what_it_counts_as_it_is_or_as_nothing_is_not_told_and_neither_is_what_the_sides_differ_in():
    draft, elsewhere = invoice("2", status="draft"), invoice("3", day="2026-11-19")
    shown = [BOOK, mirror(BOOK), draft, elsewhere]
    heard = {each.ref: as_heard(each) for each in (BOOK, mirror(BOOK))}
    assert list(unheard(shown, heard, RULES, ())) == []
    assert list(unheard(shown, {}, RULES, {BOOK.ref, mirror(BOOK).ref})) == []


def test_a_document_of_the_night_that_left_it_is_told():
    moved = replace(BOOK, day="2026-11-19")
    (found,) = unheard([moved], {BOOK.ref: as_heard(BOOK)}, RULES, ())
    assert (found.kind, found.difference) == ("date", D("-100.00"))
    (lost,) = gone([as_heard(mirror(BOOK))], RULES)
    assert (lost.kind, lost.difference, lost.erp) == ("missing", D("-100.00"), None)
    assert "and HubSpot does not show it" in lost.says


def test_a_row_of_the_table_says_what_each_side_has_of_the_night():
    part = {"day": NIGHT, "currency": "NZD", "subsidiary": "", "total": "100.00", "due": "0", "counted": True,
            "number": "INV-1", "ref": "xero/invoice/1", "version": 1, "seen": 1}  # fmt: skip
    row = {"erp": part, "crm": {**part, "day": "2026-11-19", "ref": "hubspot/invoice/1"}, "variance": None}
    found = {each.side: each for each in documents(row, NIGHT)}
    assert (found[Side.ERP].counted, found[Side.CRM].counted) == (True, False)
    assert found[Side.ERP].total == D("100.00")
    assert list(documents(row, "2026-11-18")) == []
