from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.change import Change
from schemas.names import Entity, Side
from schemas.totals import DocumentVersion
from tables import customers, entities, versions, windows
from tables.customers import PAYMENTS_KEPT, CustomerState
from tables.entities import EntityState, Flight
from tables.identity import PROPOSALS, Identity
from tables.shelf import ROW_SIZE, Shelf
from tables.showings import KEPT
from tables.view import MemoryView
from tests.support.capturing import crm
from tests.support.judging import START

# View


def test_what_a_view_hands_out_belongs_to_the_caller():
    view = MemoryView()
    kept: dict[str, Any] = {"a": [1]}
    view["x"] = kept
    kept["a"].append(2)
    found = view.get("x")
    assert found == {"a": [1]}
    found["a"].append(3)
    assert view.get("x") == {"a": [1]}


def test_an_absent_key_is_none_and_cannot_be_forgotten():
    view = MemoryView()
    assert view.get("x") is None
    with pytest.raises(KeyError):
        del view["x"]


# Shelf


@given(st.lists(st.text(max_size=3), max_size=12), st.integers(1, 4))
def test_a_shelf_keeps_order_and_is_empty_after_it_was_cleared(texts: list[str], times: int):
    view = MemoryView()
    for _ in range(times):
        shelf = Shelf(view, "s")
        for text in texts:
            shelf.put(text)
        assert len(Shelf(view, "s")) == len(texts)
        assert list(Shelf(view, "s")) == texts
        assert shelf.clear() == texts
        assert view.rows == {}


@pytest.mark.parametrize("count", [ROW_SIZE - 1, ROW_SIZE, ROW_SIZE + 1, 2 * ROW_SIZE, 2 * ROW_SIZE + 1])
def test_a_long_shelf_is_kept_in_rows_of_bounded_size(count: int):
    view = MemoryView()
    shelf = Shelf(view, "s")
    for number in range(count):
        shelf.put(str(number))
    rows = [value for key, value in view.rows.items() if not key.endswith("count")]
    assert max(len(row) for row in rows) <= ROW_SIZE
    assert shelf.clear() == [str(number) for number in range(count)]
    assert view.rows == {}


def test_shelves_whose_names_begin_alike_are_apart():
    view = MemoryView()
    Shelf(view, "a").put("x")
    Shelf(view, "a|0").put("y")
    assert (list(Shelf(view, "a")), list(Shelf(view, "a|0"))) == (["x"], ["y"])


# Versions


def _admit(view: MemoryView, change: Change) -> str:
    """Weigh a change as capture does, and admit it when it is new."""
    arrived, row = versions.weigh(view, change)
    if arrived == "new":
        versions.admit(view, change, row)
    return arrived


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abc")), max_size=12))
def test_the_high_water_mark_never_falls_and_what_is_new_is_never_dropped(arrivals: list[tuple[int, str]]):
    view = MemoryView()
    newest: tuple[int, str] | None = None
    for second, (version, name) in enumerate(arrivals):
        change = crm("1", version=version, name=name).model_copy(
            update={"seen_at": START + timedelta(hours=1, seconds=second)}
        )
        expected = "new"
        if newest is not None and version < newest[0]:
            expected = "stale"
        elif newest == (version, name):
            expected = "duplicate"
        assert _admit(view, change) == expected
        if expected == "new":
            newest = (version, name)


def test_a_deletion_under_the_same_version_is_news():
    view = MemoryView()
    assert _admit(view, crm("1")) == "new"
    gone = crm("1").model_copy(update={"deleted": True, "seen_at": START + timedelta(hours=1)})
    assert _admit(view, gone) == "new"


def test_a_record_keeps_what_waits_while_its_mark_rises():
    view = MemoryView()
    _admit(view, crm("1"))
    versions.park(view, "main", "hubspot/company/1", [{"ref": "x"}])
    _admit(view, crm("1", version=2))
    assert versions.parked(view, "main", "hubspot/company/1") == [{"ref": "x"}]
    versions.release(view, "main", "hubspot/company/1")
    versions.release(view, "main", "hubspot/company/1")
    assert versions.parked(view, "main", "hubspot/company/1") == []
    assert _admit(view, crm("1")) == "stale"
    assert versions.parked(view, "main", "nobody") == []


# Identity


def test_an_overtaken_version_is_told_once_and_one_older_than_what_is_remembered_never():
    view = MemoryView()

    def arrive(version: int) -> str:
        change = crm("1", version=version)
        arrived, row = versions.weigh(view, change)
        if arrived == "new":
            versions.admit(view, change, row, dates=True)
        elif versions.overtaken(view, change):
            versions.tell_late(view, change)
            return "late"
        return arrived

    told = [arrive(version) for version in (5, 9, 7, 7, 5, 9, 3)]
    assert told == ["new", "new", "late", "stale", "stale", "duplicate", "late"]
    for version in range(10, 10 + KEPT):
        assert arrive(version) == "new"
    assert arrive(8) == "stale"


def test_of_a_record_without_times_of_its_own_no_version_is_told_late():
    view = MemoryView()
    for version in (5, 9):
        versions.admit(view, crm("1", version=version), versions.weigh(view, crm("1", version=version))[1])
    assert not versions.overtaken(view, crm("1", version=7))


def test_a_row_of_an_older_release_tells_when_its_value_was_edited():
    state = EntityState(entity=Entity.COMPANY, id="company:1")
    state.crm.fields = {"phone": "1"}
    row = entities.to_row(state)
    row["crm"] = {"ref": None, "version": 7, "fields": {"phone": "1"}, "deleted": False, "edited": {"phone": 5}}
    view = MemoryView({entities.key("main", "c", "company:1"): row})
    assert entities.load(view, "main", "c", Entity.COMPANY, "company:1").crm.edited == {"phone": [[5, "1"]]}


def test_identities_of_two_tenants_are_apart():
    view = MemoryView()
    one, other = Identity(view, "one"), Identity(view, "other")
    one.bind("xero/contact/a", "company:1", "company:1", Side.ERP)
    assert (one.known("xero/contact/a"), other.known("xero/contact/a")) == ("company:1", None)
    assert one.mark(Side.CRM, "company")
    assert not one.mark(Side.CRM, "company")
    assert not other.marked(Side.CRM, "company")


def test_a_side_has_one_record_and_one_that_left_frees_its_place():
    identity = Identity(MemoryView(), "main")
    identity.bind("xero/contact/a", "company:1", "company:1", Side.ERP)
    identity.bind("hubspot/company/1", "company:1", "company:1", Side.CRM)
    identity.leave("xero/contact/other", "company:1", Side.ERP)
    assert identity.reference("company:1", Side.ERP) == "xero/contact/a"
    identity.leave("xero/contact/a", "company:1", Side.ERP)
    assert identity.reference("company:1", Side.ERP) is None
    assert identity.reference("company:1", Side.CRM) == "hubspot/company/1"
    assert (identity.known("xero/contact/a"), identity.customer("xero/contact/a")) == ("company:1", "company:1")
    assert identity.reference("company:2", Side.CRM) is None


def test_keys_names_and_partings_are_kept():
    identity = Identity(MemoryView(), "main")
    identity.claim_key("product|sku|w", "product:1")
    assert identity.by_key("product|sku|w") == "product:1"
    assert identity.by_key("product|sku|x") is None
    for number in range(PROPOSALS + 5):
        identity.note_name("crm|name|acme", f"hubspot/company/{number}")
        identity.note_name("crm|name|acme", f"hubspot/company/{number}")
    assert len(identity.named("crm|name|acme")) == PROPOSALS
    identity.part("left", "right")
    assert identity.parted("right", "left")
    assert not identity.parted("left", "other")


# Entities and customers


def test_rows_of_a_merge_are_written_in_an_order_that_hangs_on_no_hash():
    view = MemoryView()
    identity, names = Identity(view, "main"), [f"hubspot/company/{number}" for number in range(1, 13)]
    for loser in reversed(names[:-2]):
        identity.merge(loser, names[-2])
    for key in [key for key in view.rows if key.startswith("main|a|")]:
        del view.rows[key]
    identity.merge(names[-2], names[-1])
    assert [key.removeprefix("main|a|") for key in view.rows if key.startswith("main|a|")] == names[:-1]
    assert identity.losers(names[-1]) == names[:-1]


def test_a_record_is_read_as_it_was_written():
    view = MemoryView()
    state = EntityState(entity=Entity.COMPANY, id="company:1", baseline={"a": None}, marks={"first": True})
    state.crm.ref, state.crm.fields = "hubspot/company/1", {"name": "Acme"}
    state.flights["erp"].append(Flight("c1", "update", {"name": "Acme"}))
    entities.save(view, "main", "company:1", state)
    assert entities.load(view, "main", "company:1", Entity.COMPANY, "company:1") == state
    assert entities.load(view, "main", "company:2", Entity.COMPANY, "company:1").crm.ref is None
    assert view.rows == {"main|company:1|company:1": asdict(state)}  # every field of it, by its name


def test_a_side_shows_what_is_on_its_way_and_the_erp_what_is_derived():
    state = EntityState(entity=Entity.DEAL, id="deal:1", derived={"invoice_status": "paid"})
    state.crm.ref, state.crm.fields = "hubspot/deal/1", {"invoice_status": "posted"}
    state.flights["crm"] += [Flight("c1", "update", {"invoice_status": "x"}), Flight("c2", "update", {"a": "y"})]
    assert state.shown(Side.CRM) == {"invoice_status": "x", "a": "y"}
    assert state.shown(Side.ERP) == {"invoice_status": "paid"}
    state.crm.deleted = True
    assert state.shown(Side.CRM) == {}
    assert not state.crm.present


@pytest.mark.parametrize(
    ("crm_fields", "erp_fields", "label"),
    [
        ({"name": "Acme"}, {"name": "Other"}, "Acme"),
        ({}, {"number": "INV-1", "name": "x"}, "INV-1"),
        ({"email": "a@b.example"}, {}, "a@b.example"),
        ({"name": None}, {"sku": ""}, "company:1"),
    ],
)
def test_a_record_is_called_what_people_call_it(crm_fields: dict[str, Any], erp_fields: dict[str, Any], label: str):
    state = EntityState(entity=Entity.COMPANY, id="company:1")
    state.crm.fields, state.erp.fields = crm_fields, erp_fields
    assert state.label == label


def test_a_customer_is_read_as_it_was_written():
    view = MemoryView()
    state = CustomerState(id="company:1", name="Acme", hold=True)
    state.wait("deal:1")
    state.wait("deal:1")
    state.add_balance("NZD", Decimal("1.10"))
    state.add_balance("NZD", Decimal("-0.10"))
    customers.save(view, "main", state)
    assert customers.load(view, "main", "company:1") == state
    assert view.rows == {"main|company:1": asdict(state)}
    assert (state.waiting, state.balances) == (["deal:1"], {"NZD": "1.00"})
    assert customers.load(view, "other", "company:1") == CustomerState(id="company:1")


def test_payments_are_kept_by_date_newest_last_and_only_so_many():
    state = CustomerState(id="company:1")
    for number in reversed(range(PAYMENTS_KEPT + 5)):
        state.note_payment(f"payment:{number:02}", f"2026-09-{number + 1:02}", "1.00", "NZD")
    assert len(state.payments) == PAYMENTS_KEPT
    assert state.payments[-1]["id"] == f"payment:{PAYMENTS_KEPT + 4}"
    state.note_payment("payment:24", "2026-09-25", "2.00", "NZD")
    assert [row["amount"] for row in state.payments if row["id"] == "payment:24"] == ["2.00"]
    state.drop_payment("payment:24")
    assert state.payments[-1]["id"] == "payment:23"


# Windows


def document(day: str, **more: Any) -> windows.Contribution:
    """A contribution of one document."""
    parts: dict[str, Any] = {
        "tenant": "main", "document": "invoice:1", "side": Side.ERP, "day": day, "currency": "NZD",
        "total": Decimal("1E+2"), "due": Decimal("0.10"), "counted": True, "version": 1, "seen_at": START,
    }  # fmt: skip
    return windows.contribution(DocumentVersion(**(parts | more)), 1)


@pytest.mark.parametrize(
    ("day", "open_until", "closed_from"),
    [
        ("2026-01-31", "2026-02-02", "2026-02-03"),
        ("2026-12-31", "2027-01-02", "2027-01-03"),
        ("2028-02-28", "2028-03-01", "2028-03-02"),  # a leap year
        ("2027-02-28", "2027-03-02", "2027-03-03"),
        ("2028-02-29", "2028-03-02", "2028-03-03"),
        ("2026-03-28", "2026-03-30", "2026-03-31"),  # summer time begins in between
    ],
)
def test_a_window_closes_two_calendar_days_after_its_own(day: str, open_until: str, closed_from: str):
    view = MemoryView()
    assert not windows.closed(view, "main", day)
    windows.raise_watermark(view, "main", open_until)
    assert not windows.closed(view, "main", day)
    windows.raise_watermark(view, "main", closed_from)
    assert windows.closed(view, "main", day)
    windows.raise_watermark(view, "main", day)
    assert windows.watermark(view, "main") == closed_from
    assert not windows.closed(view, "other", day)


def test_what_enters_and_leaves_a_window_leaves_nothing_but_its_revisions():
    view = MemoryView()
    part = document("2026-09-01")
    entered = windows.apply(view, "main", Side.ERP, part, sign=1)
    left = windows.apply(view, "main", Side.ERP, part, sign=-1)
    assert entered is not None
    assert left is not None
    assert (entered.invoices, entered.total, entered.due) == (1, Decimal(100), Decimal("0.10"))
    assert (left.invoices, left.total, left.due, left.revision) == (0, 0, 0, 2)
    assert '"total":"100"' in entered.model_dump_json()


def test_what_does_not_count_states_nothing():
    view = MemoryView()
    assert windows.apply(view, "main", Side.ERP, document("2026-09-01", counted=False), sign=1) is None
    assert view.rows == {}


def test_what_a_person_wants_judged_anew_is_new_where_it_is_the_newest_and_never_where_it_is_stale():
    view = MemoryView()
    assert [_admit(view, crm("1", version=version)) for version in (1, 2, 2)] == ["new", "new", "duplicate"]
    seen = dict(view.rows)
    assert _admit(view, crm("1", version=2).model_copy(update={"anew": True, "seen_at": START})) == "new"
    assert view.rows == seen  # and when it was seen first does not go back
    assert _admit(view, crm("1", version=1).model_copy(update={"anew": True})) == "stale"
    assert _admit(view, crm("1", version=2)) == "duplicate"
