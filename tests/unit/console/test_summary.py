from datetime import timedelta

import pytest

from console.projection import refusals, summary
from console.projection.filters import Filters
from console.projection.listing import events_after, find, held, last_event
from console.projection.pulse import KEPT
from console.projection.reviews import open_reviews
from console.projection.store import Store
from schemas.errors import Refused, SettingsError
from schemas.ledger import LedgerEntry
from schemas.names import Side
from schemas.revenue import RevenueEvent
from schemas.totals import Total, Variance
from schemas.verdict import Verdict
from tests.unit.console.records import ACME, at, delivery, entry, event, proposal, total, verdict


def test_status_says_what_needs_a_person(filled: Store):
    found = summary.status(filled)
    assert found["needs_person"] == {"variances": 1, "quarantined": 1, "refused": 1, "reviews": 1, "proposals": 1}
    assert found["ledger"] == {"applied": 1, "refused": 1}
    assert found["windows"] == {"agreed": 0, "apart": 1}
    assert found["as_of"] == at(30).isoformat()


def test_an_empty_projection_needs_nobody(store: Store):
    found = summary.status(store)
    assert found["needs_person"] == {}
    assert found["as_of"] is None


def test_a_review_is_over_when_the_field_is_decided(filled: Store):
    filled.apply([delivery("decisions", 3, verdict(4, field="currency", ruling="take_erp"))])
    assert open_reviews(filled) == []
    assert len(summary.open_proposals(filled)) == 1


@pytest.mark.parametrize(
    ("decided", "left"),
    [
        (proposal(5, ruling="link", record="company:x"), 0),
        (proposal(5, ruling="link", record="company:x", crm="hubspot/company/9"), 0),
        (proposal(5, ruling="link", record="company:x", crm="hubspot/company/9", erp="xero/contact/z"), 1),
        (proposal(5, ruling="refuse"), 0),
        (proposal(5, ruling="refuse", crm="hubspot/company/9"), 1),
        (proposal(5, erp="xero/contact/b"), 2),
    ],
)
def test_a_proposal_is_over_when_identity_is_decided(filled: Store, decided: Verdict, left: int):
    filled.apply([delivery("decisions", 3, decided)])
    assert len(summary.open_proposals(filled)) == left


def test_a_refusal_is_over_when_the_record_was_written_after_all(filled: Store):
    again = entry(3, record=entry(2).command.record)
    filled.apply([delivery("ledger", 2, again, "main.xero|command-3")])
    assert refusals.standing(filled) == 0


def test_windows_pair_the_sides_and_subtract_exactly(store: Store):
    store.apply(
        [
            delivery("totals", 0, total(Side.CRM, "0.10"), "a"),
            delivery("totals", 1, total(Side.ERP, "0.30"), "b"),
            delivery("totals", 2, total(Side.ERP, "0.20", day="2026-11-21"), "c"),
        ]
    )
    first, second = summary.windows(find(store, Total))
    assert (first.day, str(first.difference), first.crm) == ("2026-11-21", "-0.20", None)
    assert (second.day, str(second.difference), second.agreed) == ("2026-11-20", "-0.20", False)


def test_sums_never_pass_through_a_float(store: Store):
    many = [delivery("totals", n, total(Side.ERP, "0.10", day=f"2026-01-{n + 1:02}"), f"k{n}") for n in range(30)]
    store.apply([*many, delivery("totals", 30, total(Side.ERP, "90071992547409.93"), "big")])
    (found,) = summary.sums(summary.windows(find(store, Total)))
    assert found == {
        "currency": "EUR",
        "erp": {"invoices": 31, "total": "90071992547412.93", "due": "90071992547412.93"},
    }


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), 3),
        (Filters(record="acme ltd"), 2),
        (Filters(record=ACME), 2),
        (Filters(customer="cme"), 3),
        (Filters(customer="c%e"), 0),
        (Filters(state="review"), 1),
        (Filters(type="deal"), 0),
        (Filters(day="2026-11-20"), 3),
        (Filters(day="2026-10"), 0),
        (Filters(record="'; DROP TABLE decisions; --"), 0),
    ],
)
def test_decisions_are_filtered(filled: Store, filters: Filters, expected: int):
    assert len(find(filled, Verdict, filters)) == expected


def test_lists_are_newest_first_and_limited(filled: Store):
    assert [found.id for found in find(filled, Verdict, limit=2)] == ["verdict-3", "verdict-2"]
    assert [found.state for found in find(filled, Variance)] == ["open", "closed"]


def test_a_ledger_entry_is_found_by_its_number(filled: Store):
    (found,) = find(filled, LedgerEntry, Filters(record="inv-0002"))
    assert found.command.id == "command-2"


def test_a_filter_a_table_does_not_know_is_refused(filled: Store):
    with pytest.raises(SettingsError, match="totals cannot be filtered by --customer"):
        find(filled, Total, Filters(customer="x"))


@pytest.mark.parametrize("day", ["yesterday", "2026-13", "2026-02-30", "2026-1", "", "%"])
def test_a_day_that_is_none_is_refused(filled: Store, day: str):
    with pytest.raises(SettingsError, match=r"YYYY-MM-DD.*Nothing was read. Next: the same with --day"):
        find(filled, RevenueEvent, Filters(day=day))
    with pytest.raises(SettingsError, match="YYYY-MM-DD"):
        refusals.refusals(filled, day=day, limit=1)


def test_a_month_finds_its_days(filled: Store):
    assert find(filled, RevenueEvent, Filters(day="2026-11")) == find(filled, RevenueEvent)


def test_events_after_a_row_come_in_their_order(filled: Store):
    assert events_after(filled, last_event(filled), Filters()) == ([], 2)
    filled.apply([delivery("revenue", 2, event(9)), delivery("revenue", 3, event(4))])
    found, last = events_after(filled, 2, Filters())
    assert [each.id for each in found] == ["event-9", "event-4"]
    assert last == last_event(filled)


def test_quarantine_is_named_by_where_the_record_lay(filled: Store):
    found = held(filled, "revmark.changes-0-17")
    assert (found.key, found.value) == ("main", '{"broken": true}')
    with pytest.raises(Refused, match="quarantine list"):
        held(filled, "nothing")


@pytest.mark.parametrize(
    "value", [b"", b"null", b"[1]", b"\xff", b'{"topic": 7}', b'{"at": "soon", "reason": null}', None]
)
def test_quarantine_shows_whatever_it_is_given(store: Store, value: bytes | None):
    store.apply([delivery("quarantine", 4, value)])
    assert held(store, "quarantine-0-4").reason == "no reason was written"


def test_the_flow_counts_the_last_minute_and_forgets_what_is_old(store: Store):
    change = b'{"type": "change", "platform": "xero"}'
    old = delivery("changes", 0, change, seconds=-KEPT.total_seconds() - 60)
    store.apply([old, *(delivery("changes", n, change, seconds=n * 10) for n in range(1, 4))])
    store.apply([delivery("lanes.xero", 0, b'{"type": "read"}', seconds=25), delivery("lanes.xero", 1, b"no json")])
    found = summary.flow(store, at(30))
    assert found["seen.xero"]["minute"] == 3
    assert found["hint.xero"]["minute"] == 1
    assert summary.flow(store, at(30) + timedelta(minutes=5))["seen.xero"]["minute"] == 0
