"""How connections stand, as the command line and the page say it: parked, why, until when; what waits; how old."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from typer.testing import Result

from console.exits import NEEDS_PERSON
from console.page.figures import text
from console.page.overview import overview
from console.projection.connections import connections
from console.projection.delivery import SHELVES
from console.projection.store import Store
from console.projection.summary import status
from schemas.contract.model import Tiers
from schemas.instants import to_millis
from schemas.names import Entity
from streams.lanes.status import Standing
from streams.settings import Settings
from tests.unit.console.records import at, delivery, entry

Run = Callable[..., Result]
NOW = at(3600)
WHY = "the day's calls to Xero are spent until 2026-11-21 09:00 UTC; work waits, nothing is lost"


def standing(**more: Any) -> bytes:
    """A lane's row, as its table's changelog has it."""
    row = Standing(newest={"payment": to_millis(at(3540)), "invoice": to_millis(at(3000)), "item": to_millis(at(0))})
    return orjson.dumps({name: getattr(row, name) for name in Standing.__slots__} | more)


def fill(store: Store, **more: Any) -> None:
    rows = {"main.xero|standing": standing(**more), "main.xero|cursor|invoice": b'{"text": "x"}',
            "main.xero|grant": b'"sealed"', "main.hubspot|standing": standing(newest={})}  # fmt: skip
    found = [
        delivery("tables.cursors", place, value, orjson.dumps(key).decode())
        for place, (key, value) in enumerate(rows.items())
    ]
    found += [
        delivery("ledger", 0, entry(1, "waiting", tier=1), "main.xero|command-1"),
        delivery("ledger", 1, entry(5, "unknown", tier=1), "main.xero|command-5"),
        delivery("ledger", 2, entry(7, "waiting", tier=3), "main.xero|command-7"),
        delivery("ledger", 3, entry(8, "applied", tier=3), "main.xero|command-8"),
    ]
    store.apply(found)
    store.caught_up(SHELVES)


def test_a_parked_connection_says_why_until_when_and_how_much_waits_in_each_tier(store: Store):
    fill(store, until=at(7200).isoformat(), why=WHY)
    hubspot, xero = connections(store, Tiers(), NOW)
    assert (hubspot.name, hubspot.state, hubspot.waiting, hubspot.tiers) == ("main.hubspot", "going", 0, [])
    assert (xero.state, xero.why, xero.until, xero.waiting) == ("parked", WHY, at(7200), 3)
    assert [(tier.tier, tier.waiting, tier.oldest, tier.newest) for tier in xero.tiers] == [
        (1, 2, at(1), at(3540)), (2, 0, None, at(0)), (3, 1, at(7), None),
    ]  # fmt: skip


def test_the_contract_says_which_tier_a_kind_is_of(store: Store):
    fill(store)
    _, xero = connections(store, Tiers(first=("invoice",), third=("product",)), NOW)
    assert {tier.tier: tier.newest for tier in xero.tiers} == {1: at(3000), 2: at(3540), 3: at(0)}


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"until": at(3599).isoformat(), "why": "over"}, "going"),
        ({"again": at(3700).isoformat()}, "reads wait"),
        ({"again": at(3700).isoformat(), "until": at(3700).isoformat(), "why": "x"}, "parked"),
    ],
)
def test_a_park_that_is_over_is_none(store: Store, row: dict[str, str], state: str):
    fill(store, **row)
    assert connections(store, Tiers(), NOW)[1].state == state


def test_nothing_but_how_it_stands_is_kept_of_a_lanes_table(store: Store):
    fill(store)
    kept = json.dumps(store.rows("SELECT * FROM connections"))
    assert "sealed" not in kept
    assert len(store.rows("SELECT key FROM connections")) == 2
    assert store.rows("SELECT * FROM unreadable") == []


def test_status_and_the_page_say_it(store: Store, run: Run):
    fill(store, until="2999-01-01T00:00:00+00:00", why=WHY)
    said = run("status", "--offline").stdout
    for word in ("main.xero", "parked", "2999-01-01 00:00:00", WHY, "2026-11-20 09:00:01", "d old"):
        assert word in said
    told = json.loads(run("status", "--offline", "--json").stdout)["connections"][1]
    assert (told["state"], told["until"], told["waiting"]) == ("parked", "2999-01-01T00:00:00+00:00", 3)
    shown = overview(store, NOW, Settings(_env_file=None))["connections"][1]
    assert [(each["tier"], each["waiting"], each["age"]) for each in shown["tiers"]] == [
        (1, 2, 60), (2, 0, 3600), (3, 1, None),
    ]  # fmt: skip


DEAD = "Xero no longer accepts the grant; nothing is lost, work waits: run `revmark connect xero`"


@pytest.mark.parametrize("until", [7200, 3000])
def test_what_waits_for_a_person_does_so_until_a_lane_has_called_again(store: Store, run: Run, until: int):
    """The next probe is no end: where no worker runs nobody makes it."""
    fill(store, until=at(until).isoformat(), why=DEAD, person=True)
    _, xero = connections(store, Tiers(), NOW)
    assert (xero.state, xero.person, xero.why) == ("parked", True, DEAD)
    assert status(store)["needs_person"] == {"parked": 1}
    done = run("status", "--offline")
    assert done.exit_code == NEEDS_PERSON
    assert "Nothing needs a person" not in done.stdout
    assert "connections that stand still until somebody acts" in done.stdout
    assert "revmark check" in done.stdout
    told = overview(store, NOW, Settings(_env_file=None))
    assert (told["connections"][1]["person"], told["status"]["needs_person"]) == (True, {"parked": 1})
    assert 'revmark_needs_person{what="parked"} 1.0' in text(store, Settings(_env_file=None), NOW).decode()
    store.apply([delivery("tables.cursors", 9, standing(), '"main.xero|standing"')])
    assert status(store)["needs_person"] == {}


def test_what_ends_by_itself_needs_no_person(store: Store, run: Run):
    fill(store, until="2999-01-01T00:00:00+00:00", why=WHY)
    assert status(store)["needs_person"] == {}
    done = run("status", "--offline")
    assert done.exit_code == 0
    assert "Nothing needs a person." in done.stdout


def test_a_connection_of_which_only_writes_are_known_is_shown(store: Store):
    store.apply([delivery("ledger", 0, entry(1, "waiting", entity=Entity.COMPANY), "main.xero|command-1")])
    (found,) = connections(store, Tiers(), NOW)
    assert (found.name, found.state, found.waiting) == ("main.xero", "going", 1)


def test_writes_that_may_still_be_on_their_way_are_told_with_their_time(store: Store):
    lost = [
        entry(nth, "unknown").model_copy(update={"until": at(until)})
        for nth, until in ((1, 3500), (2, 3660), (3, 3720))
    ]
    store.apply([delivery("ledger", place, each, f"main.xero|{place}") for place, each in enumerate(lost)])
    (found,) = connections(store, Tiers(), NOW)
    why = "the answers of 2 writes were lost: looked up again by then; all others go on"
    assert (found.state, found.why, found.until, found.waiting) == ("going", why, at(3720), 3)
    (found,) = connections(store, Tiers(), at(3700))
    assert found.why.startswith("the answer of one write was lost")
    assert connections(store, Tiers(), at(3720))[0].until is None
