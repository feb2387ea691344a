from datetime import timedelta

from prometheus_client import CollectorRegistry, generate_latest

from streams.lanes.measures import LaneMeasures
from streams.lanes.pace import Pace
from streams.lanes.status import Filling, Snapshot
from tests.support.work import Clock
from tests.unit.engine.scraping import Scraped, assert_conventional, parsed


class Office:
    """Snapshots as an office gives them."""

    def __init__(self) -> None:
        self.found: dict[str, Snapshot] = {}

    def snapshot(self) -> dict[str, Snapshot]:
        return self.found


def told(office: Office, clock: Clock) -> Scraped:
    registry = CollectorRegistry()
    registry.register(LaneMeasures(office, clock=clock))
    return parsed(generate_latest(registry).decode())


def test_without_lanes_the_metrics_are_named_and_empty():
    found = told(Office(), Clock())
    assert len(found.families) == 15
    assert not any(family.samples for family in found.families.values())


def test_a_connection_that_stands_still_is_told_with_for_how_long():
    office, clock = Office(), Clock()
    now = clock()
    office.found["main.xero"] = Snapshot(
        parked_until=now + timedelta(seconds=90),
        why="the grant of jane@example.com was revoked",
        waiting=7,
        polled={"invoice": now - timedelta(minutes=2), "contact": None},
        swept={"invoice": now - timedelta(days=1)},
        calls={"poll.answered": 12, "write.applied": 3, "write.parked": 1},
        reads_again=now + timedelta(seconds=5),
        stopped={("company", "owner"): 12},
        spared={("invoice", "told"): 5, ("contact", "answered"): 2},
        heard={"accepted": 4, "malformed": 1},
        backfills={"invoice": Filling(state="running", read=300, left=700), "contact": Filling(state="stopped")},
    )
    found = told(office, clock)
    assert_conventional(found.families.values(), "revmark_")
    assert found.all("revmark_lane_waiting_commands") == {("main.xero",): 7}
    assert found.all("revmark_lane_parked_seconds") == {("main.xero",): 90}
    assert found.all("revmark_lane_reads_throttled_seconds") == {("main.xero",): 5}
    assert found.all("revmark_lane_polled_age_seconds", connection="main.xero") == {("invoice",): 120}
    assert found.all("revmark_lane_swept_age_seconds", connection="main.xero") == {("invoice",): 86_400}
    calls = found.all("revmark_platform_calls_total", connection="main.xero")
    assert {frozenset(key): value for key, value in calls.items()} == {
        frozenset({"poll", "answered"}): 12,
        frozenset({"write", "applied"}): 3,
        frozenset({"write", "parked"}): 1,
    }
    spared = found.all("revmark_lane_spared_records_total", connection="main.xero")
    assert {frozenset(key): value for key, value in spared.items()} == {
        frozenset({"invoice", "told"}): 5,
        frozenset({"contact", "answered"}): 2,
    }
    heard = found.all("revmark_lane_feed_entries_total", connection="main.xero")
    assert heard == {("accepted",): 4, ("malformed",): 1}
    assert found.all("revmark_backfill_running", connection="main.xero") == {("invoice",): 1, ("contact",): 0}
    assert found.all("revmark_backfill_read_records", connection="main.xero") == {("invoice",): 300, ("contact",): 0}
    assert found.all("revmark_backfill_left_records", connection="main.xero") == {("invoice",): 700}
    assert found.all("revmark_brake_stopped", connection="main.xero") == {("company", "owner"): 1}
    assert found.all("revmark_brake_held_commands", connection="main.xero") == {("company", "owner"): 12}
    assert "jane" not in str(found)  # a reason may name a person; metrics do not
    clock.pass_by(91)
    assert told(office, clock).all("revmark_lane_parked_seconds") == {("main.xero",): 0}
    assert told(office, clock).all("revmark_lane_reads_throttled_seconds") == {("main.xero",): 0}


def test_writes_are_told_by_how_long_they_took_and_how_often_they_were_tried_again():
    office, clock = Office(), Clock()
    pace = Pace()
    for attempts in (1, 2, 3):
        pace.claimed(1, attempts)
    pace.claimed(2, 1)
    for seconds in (-1, 0.5, 1, 60, 61, 100_000):  # a clock that was set back is no time at all
        pace.applied(1, seconds)
    office.found["main.xero"] = Snapshot(pace=pace.copy())
    pace.applied(1, 1)  # after the snapshot
    found = told(office, clock)
    assert found.all("revmark_write_retries_total", connection="main.xero") == {("1",): 2, ("2",): 0}
    took = found.all("revmark_write_seconds_bucket", tier="1")
    said = {next(bound for bound in key if bound != "main.xero"): value for key, value in took.items()}
    assert (said["1.0"], said["15.0"], said["60.0"], said["300.0"], said["86400.0"], said["+Inf"]) == (3, 3, 4, 5, 5, 6)
    assert found.all("revmark_write_seconds_count", connection="main.xero") == {("1",): 6}
    assert found.all("revmark_write_seconds_sum", connection="main.xero") == {("1",): 100_122.5}
