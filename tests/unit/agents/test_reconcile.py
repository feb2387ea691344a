from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.rules.result import Result
from agents.rules.variances import classify, difference
from agents.steps.reconcile import Reconcile
from schemas.names import Side
from schemas.totals import DocumentVersion, Total, Variance
from tables.view import MemoryView
from tables.windows import Contribution
from tests.support.judging import START

DAY = "2026-09-01"


def document(side: Side = Side.ERP, version: int = 1, **more: Any) -> DocumentVersion:
    """What one side says of an invoice."""
    parts: dict[str, Any] = {
        "tenant": "main", "document": "invoice:1", "number": "INV-1", "side": side, "ref": f"{side.value}/1",
        "day": DAY, "currency": "NZD", "total": Decimal("115.00"), "due": Decimal("115.00"), "counted": True,
        "version": version, "seen_at": START + timedelta(seconds=version),
    }  # fmt: skip
    noon = datetime.fromisoformat(f"{more['day']}T12:00:00+00:00") if str(more.get("day", "")) > DAY else START
    return DocumentVersion(**(parts | {"seen_at": noon + timedelta(seconds=version)} | more))


class Books:
    """The step with its tables; what it stated is kept."""

    def __init__(self) -> None:
        self.books, self.sums = MemoryView(), MemoryView()
        self.totals: dict[str, Total] = {}
        self.variances: dict[str, Variance] = {}
        self.stated: list[Total] = []

    def take(self, *documents: DocumentVersion | bytes) -> Result:
        values = [one if isinstance(one, bytes) else one.to_bytes() for one in documents]
        result = Reconcile()(values, self.books, self.sums)
        for output in result.outputs:
            if output.topic == "totals":
                total = Total.from_bytes(output.value)
                self.totals[output.key.decode()] = total
                self.stated.append(total)
            else:
                self.variances[output.key.decode()] = Variance.from_bytes(output.value)
        return result

    @property
    def open(self) -> list[Variance]:
        return [variance for variance in self.variances.values() if variance.state == "open"]


def test_a_document_enters_its_window_once():
    books = Books()
    books.take(document(), document())
    assert len(books.stated) == 1
    (total,) = books.totals.values()
    assert (total.invoices, total.total, total.due, total.revision) == (1, Decimal("115.00"), Decimal("115.00"), 1)


def test_a_document_that_moves_leaves_its_old_window():
    books = Books()
    books.take(document(), document(version=2, day="2026-09-02"))
    assert {total.day: total.invoices for total in books.totals.values()} == {DAY: 0, "2026-09-02": 1}
    assert books.totals[f"main|{DAY}|NZD||erp"].total == 0


def test_an_older_version_and_an_older_sight_of_the_same_version_are_dropped():
    books = Books()
    books.take(document(version=5), document(version=4, total=Decimal(1)))
    earlier = document(version=5, total=Decimal(2)).model_copy(update={"seen_at": START})
    assert books.take(earlier).counts == {"stale": 1}
    assert [total.total for total in books.stated] == [Decimal("115.00")]


def test_both_sides_agreeing_leave_no_variance():
    books = Books()
    books.take(document(Side.CRM), document(Side.ERP))
    assert books.open == []


@pytest.mark.parametrize(
    ("crm", "erp", "kind", "gap"),
    [
        ({"total": Decimal("114.00")}, {}, "amount", "-1.00"),
        ({"total": Decimal("115.02")}, {}, "rounding", "0.02"),
        ({"total": Decimal("115.03")}, {}, "amount", "0.03"),
        ({"due": Decimal("15.00")}, {}, "balance", "-100.00"),
        ({"day": "2026-09-02"}, {}, "date", "0.00"),
        ({"counted": False}, {}, "void", "-115.00"),
        ({}, {"counted": False}, "void", "115.00"),
        ({"currency": "AUD"}, {}, "currency", "0.00"),
    ],
)
def test_a_difference_is_classed_named_and_closed_when_it_is_mended(
    crm: dict[str, Any], erp: dict[str, Any], kind: str, gap: str
):
    books = Books()
    books.take(document(Side.ERP, **erp), document(Side.CRM, **crm))
    (variance,) = books.open
    assert (variance.kind, variance.difference, variance.number) == (kind, Decimal(gap), "INV-1")
    assert variance.refs == {"crm": "crm/1", "erp": "erp/1"}
    books.take(document(Side.ERP, 9), document(Side.CRM, 9))
    assert books.open == []
    assert all(one.closed_at is not None for one in books.variances.values())


def test_a_tampered_invoice_shows_up_and_disappears_when_repaired():
    books = Books()
    books.take(document(Side.ERP), document(Side.CRM))
    books.take(document(Side.CRM, 2, total=Decimal("99.00")))
    assert [(one.kind, one.difference) for one in books.open] == [("amount", Decimal("-16.00"))]
    books.take(document(Side.CRM, 3))
    assert books.open == []


def test_a_mirror_that_was_deleted_shows_up():
    books = Books()
    books.take(document(Side.ERP), document(Side.CRM), document(Side.CRM, 2, counted=False))
    assert [one.kind for one in books.open] == ["void"]


def test_what_one_side_lacks_is_late_while_its_day_is_open_and_missing_after_it():
    books = Books()
    books.take(document(Side.ERP))
    assert [one.kind for one in books.open] == ["late"]
    books.take(document(Side.ERP, document="invoice:2", day="2026-09-04"))
    books.take(document(Side.ERP, 2))
    assert sorted(one.kind for one in books.open) == ["late", "missing"]
    (late,) = [one for one in books.variances.values() if one.state == "closed"]
    assert late.kind == "late"


def test_one_document_has_at_most_one_open_variance_and_a_reopened_one_is_new():
    books = Books()
    books.take(document(Side.ERP), document(Side.CRM, total=Decimal(1)), document(Side.CRM, 2, total=Decimal(2)))
    assert len(books.open) == 1
    first = books.open[0].id
    books.take(document(Side.CRM, 3), document(Side.CRM, 4, total=Decimal(1)))
    assert len(books.open) == 1
    assert books.open[0].id != first


def test_a_late_fact_restates_a_closed_window_and_says_so():
    books = Books()
    books.take(document(), document(document="invoice:2", day="2026-09-04"))
    books.take(document(version=2, total=Decimal("100.00")))
    total = books.totals[f"main|{DAY}|NZD||erp"]
    assert (total.total, total.closed, total.restated) == (Decimal("100.00"), True, 2)
    assert total.revision == 3
    books.take(document(document="invoice:3", day="2026-09-03"))
    assert not books.totals["main|2026-09-03|NZD||erp"].closed


def test_a_malformed_document_is_refused_and_its_neighbours_go_on():
    books = Books()
    garbled = document().to_bytes().replace(DAY.encode(), b"2026-02-30")
    result = books.take(b"{", garbled, document().to_bytes().replace(b'"115.00"', b"115.5"), document())
    assert [index for index, _ in result.refused] == [0, 1, 2]
    assert len(books.totals) == 1


def test_windows_are_kept_apart_by_tenant_currency_subsidiary_and_side():
    books = Books()
    apart = [{}, {"tenant": "other"}, {"currency": "USD"}, {"subsidiary": "nz"}, {"side": Side.CRM}]
    for number, more in enumerate(apart):
        books.take(document(**{"document": f"invoice:{number}", **more}))
    assert [total.invoices for total in books.totals.values()] == [1] * 5


DAYS = ["2025-12-31", "2026-01-01", "2028-02-28", "2028-02-29", "2028-03-01"]
DOCUMENTS = st.lists(
    st.builds(
        lambda name, side, version, **more: document(side, version, document=name, **more),
        st.sampled_from(["invoice:1", "invoice:2", "invoice:3"]),
        st.sampled_from(list(Side)),
        st.integers(1, 5),
        day=st.sampled_from(DAYS),
        currency=st.sampled_from(["NZD", "JPY", "KWD"]),
        total=st.decimals(-999, 999, places=2),
        due=st.decimals(0, 999, places=2),
        counted=st.booleans(),
    ),
    max_size=20,
)


@given(DOCUMENTS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_totals_equal_an_independent_recount_whatever_versions_duplicates_and_order(
    shown: list[DocumentVersion], chance: Any
):
    first = {(one.document, one.side, one.version): one for one in reversed(shown)}
    delivered = [*first.values(), *chance.sample(list(first.values()), len(first) // 2)]
    chance.shuffle(delivered)
    books = Books()
    books.take(*delivered)
    newest: dict[tuple[str, Side], DocumentVersion] = {}
    for one in delivered:
        held = newest.get((one.document, one.side))
        if held is None or one.version > held.version:
            newest[one.document, one.side] = one
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
    for one in newest.values():
        if one.counted:
            row = sums[f"main|{one.day}|{one.currency}||{one.side.value}"]
            row[0], row[1], row[2] = row[0] + 1, row[1] + one.total, row[2] + one.due
    stated = {name: [total.invoices, total.total, total.due] for name, total in books.totals.items()}
    assert {name: row for name, row in stated.items() if row != [0, 0, 0]} == {
        name: row for name, row in sums.items() if row != [0, 0, 0]
    }
    assert len({variance.document for variance in books.open}) == len(books.open)
    for name in {one.document for one in shown}:
        pair = [newest.get((name, side)) for side in Side]
        counted = [one is not None and one.counted for one in pair]
        differs = any(counted) and (
            not all(counted)
            or len({(one.total, one.due, one.day, one.currency) for one in pair if one is not None}) > 1
        )
        assert differs == (name in {variance.document for variance in books.open})


def part(**more: Any) -> Contribution:
    """A contribution."""
    parts: dict[str, Any] = {
        "day": DAY, "currency": "JPY", "subsidiary": "", "total": "100", "due": "0", "counted": True, "number": "1",
        "ref": "r", "version": 1, "seen": 1,
    }  # fmt: skip
    return Contribution(**(parts | more))


def test_rounding_is_counted_in_the_currencys_own_minor_units():
    assert classify(part(total="102"), part(), day_closed=False) == "rounding"
    assert classify(part(total="103"), part(), day_closed=False) == "amount"
    assert classify(part(total="100.002", currency="KWD"), part(currency="KWD"), day_closed=False) == "rounding"
    assert classify(part(total="100.01", currency="KWD"), part(currency="KWD"), day_closed=False) == "amount"


def test_nothing_differs_where_nothing_counts():
    assert classify(part(counted=False), None, day_closed=True) is None
    assert classify(None, None, day_closed=True) is None
    assert difference(None, part(counted=False)) == 0


def test_a_variance_says_what_is_due_on_both_sides():
    books = Books()
    books.take(document(Side.ERP, due=Decimal("15.00")), document(Side.CRM, due=Decimal("40.00")))
    (found,) = books.open
    assert (found.kind, found.figure, found.difference) == ("balance", "due", Decimal("25.00"))
    assert found.figures == (Decimal("40.00"), Decimal("15.00"))
    assert (found.crm_total, found.erp_total) == (Decimal("115.00"), Decimal("115.00"))
