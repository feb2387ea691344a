from pathlib import Path

import pytest

from console.projection import naming
from console.projection.delivery import SHELVES
from console.projection.listing import find
from console.projection.store import Store
from schemas.errors import Stale, Transient
from schemas.ledger import LedgerEntry
from schemas.names import Side
from schemas.revenue import RevenueEvent
from schemas.totals import Total, Variance
from schemas.verdict import Verdict
from tests.unit.console.records import at, day, delivery, entry, event, total, variance, verdict


def test_a_record_delivered_again_is_applied_once(store: Store):
    assert store.apply(day()) == 12
    assert store.apply(day()) == 0
    assert len(find(store, Verdict)) == 3


def test_a_restart_goes_on_where_the_offsets_stand(store: Store, tmp_path: Path):
    store.apply(day()[:5])
    store.close()
    again = Store(tmp_path / "console")
    assert again.offsets() == {("decisions", 0): 3, ("ledger", 0): 2}
    assert again.apply(day()) == 7
    again.close()


def test_two_writers_apply_each_record_once(store: Store, tmp_path: Path):
    other = Store(tmp_path / "console", clock=lambda: at(30))
    events = [delivery("revenue", n, event(n), seconds=29) for n in range(6)]
    store.apply(events[:3])
    other.apply(events[:5])
    store.apply(events[3:])
    assert len(find(store, RevenueEvent)) == 6
    assert store.rows("SELECT sum(count) AS n FROM pulse WHERE stop = 'publish'") == [{"n": 6}]
    other.close()


def test_a_failed_batch_leaves_neither_rows_nor_offsets(store: Store):
    broken = delivery("nowhere", 0, b"{}")
    object.__setattr__(broken, "timestamp", 10**30)
    with pytest.raises(OverflowError):
        store.apply([*day(), broken])
    assert store.offsets() == {}
    assert find(store, Verdict) == []


def test_a_compacted_topic_is_upserted_by_key_and_emptied_by_a_tombstone(store: Store):
    store.apply(
        [
            delivery("ledger", 0, entry(1, "claimed"), "main.xero|command-1"),
            delivery("ledger", 1, entry(1, "applied"), "main.xero|command-1"),
            delivery("variances", 0, variance(1), "variance-1"),
            delivery("variances", 1, None, "variance-1"),
            delivery("totals", 0, total(Side.CRM, "1.00"), "a"),
            delivery("totals", 1, total(Side.CRM, "2.00"), "a"),
        ]
    )
    assert [found.state for found in find(store, LedgerEntry)] == ["applied"]
    assert find(store, Variance) == []
    assert [str(found.total) for found in find(store, Total)] == ["2.00"]


def test_an_event_or_verdict_published_twice_is_kept_once(store: Store):
    store.apply([delivery("revenue", 0, event(1)), delivery("revenue", 1, event(1))])
    store.apply([delivery("decisions", 0, verdict(1)), delivery("decisions", 1, verdict(1))])
    assert len(find(store, RevenueEvent)) == 1
    assert len(find(store, Verdict)) == 1


def test_a_record_that_is_none_is_counted_and_its_neighbours_are_kept(store: Store):
    store.apply(
        [
            delivery("revenue", 0, b'{"id": 1}'),
            delivery("revenue", 1, b"\xff\x00"),
            delivery("revenue", 2, None),
            delivery("revenue", 3, event(1)),
        ]
    )
    assert len(find(store, RevenueEvent)) == 1
    assert store.rows("SELECT count(*) AS n FROM unreadable") == [{"n": 3}]


def test_another_cluster_empties_the_file(store: Store):
    assert not store.bind("one/revmark.")
    store.apply(day())
    assert not store.bind("one/revmark.")
    assert store.bind("two/revmark.")
    assert find(store, Verdict) == []
    assert store.offsets() == {}


def test_a_writer_notices_that_another_emptied_the_file(store: Store, tmp_path: Path):
    other = Store(tmp_path / "console")
    other.apply(day())
    store.reset()
    with pytest.raises(Stale):
        other.apply(day())
    assert store.offsets() == {}
    other.close()


def test_amounts_stay_the_text_they_were(store: Store):
    store.apply([delivery("totals", 0, total(Side.ERP, "12345678901234567890.10"), "k")])
    assert '"12345678901234567890.10"' in store.rows("SELECT body FROM totals")[0]["body"]


def test_offline_reading_needs_a_file(tmp_path: Path):
    with pytest.raises(Transient, match="without --offline"):
        Store(tmp_path / "none", read_only=True)


def test_offline_reading_refuses_a_file_of_another_version(store: Store, tmp_path: Path):
    store.connection.execute("PRAGMA user_version = 999")
    with pytest.raises(Transient, match="another version"):
        Store(tmp_path / "console", read_only=True)
    again = Store(tmp_path / "console")
    assert again.offsets() == {}
    again.close()


def test_as_of_is_the_oldest_of_what_is_asked_for(store: Store):
    store.caught_up(["ledger"])
    assert store.as_of(["ledger"]) == at(30)
    assert store.as_of(SHELVES) is None


def test_the_file_is_for_its_owner_alone(store: Store):
    assert store.path.stat().st_mode & 0o077 == 0
    assert store.path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("table", ["accounts", "known"])
def test_what_a_table_has_taken_is_the_row_of_no_record(table: str):
    assert naming.of(table, f"o|{table}|1", {"next": 7, "at": 0}) == naming.Named()
