"""A plan is what the sync then does: planned over the sandboxes, carried out by the real workers, then compared."""

from datetime import UTC, datetime
from random import Random
from typing import Any, Literal

import pytest

from console.approval import approvals
from console.demo.cast import win_deal
from console.planning import moved
from schemas.ledger import SETTLED, LedgerEntry
from schemas.plan import Plan
from streams.lanes.gate import SETTLING
from streams.platforms.registry import PLATFORMS
from tests.simulation.people import DEEDS
from tests.simulation.planned import Theatre, fulfilled, theatre
from tests.simulation.platforms import Declined

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
HONEY = [("HONEY-1", "Manuka honey, 1 kg", "10", "48.50")]


def plan(stage: Theatre, **more: Any) -> Plan:
    """Plan, and see that it left no trace."""
    stage.pass_by(10)  # until the last webhook has arrived
    before = traces(stage)
    made = stage.run(stage.world.plan(**more))
    assert traces(stage) == before, "a plan writes nothing"
    return made


def traces(stage: Theatre) -> tuple[int, ...]:
    platforms = stage.world.platforms
    return stage.world.broker.written, *(len(platforms.writes(name)) for name in PLATFORMS)


def created(stage: Theatre) -> dict[str, int]:
    """Records that our app has made, as the platforms' own logs tell it."""
    logs = {name: stage.world.platforms.writes(name) for name in PLATFORMS}
    return {name: sum(write.action == "create" for write in log) for name, log in logs.items()}


def planned_creates(made: Plan, platform: str) -> int:
    # a person in Xero lives inside the contact that is there: to Xero it is an update
    return sum(
        write.platform == platform and write.action == "create" and (platform, write.entity) != ("xero", "contact")
        for write in made.writes
    )


def test_the_first_sync_does_what_was_planned():
    with theatre() as stage:
        made = plan(stage)
        assert made.first
        assert {(link.entity, link.by) for link in made.links} >= {
            ("company", "the id that one side keeps of the other"),
            ("product", "the SKU"),
            ("contact", "the e-mail address"),
        }
        assert [(note.crm, note.erp) for note in made.notes if note.ruling == "propose"] == [
            (f"hubspot/company/{stage.cast.companies['Kauri']}", f"xero/contact/{stage.cast.contacts['Kauri']}")
        ]
        before = writing(stage)
        stage.run(stage.world.sync())
        assert fulfilled(made, stage.world.written(BEGINNING)) == []
        taken = {name: count - before[name] for name, count in writing(stage).items()}
        for name in PLATFORMS:  # beside the writes, the readings around them are counted
            assert made.budgets[name].reads
            assert taken[name] / 2 <= made.budgets[name].writes <= 4 * taken[name], taken
        assert created(stage) == {name: planned_creates(made, name) for name in PLATFORMS}
        assert all(planned_creates(made, name) for name in PLATFORMS)
        assert plan(stage).promises == {}, "and then there is nothing left to do"


def writing(stage: Theatre) -> dict[str, int]:
    """Calls that write, as the platforms count them."""
    reading = ("/search", "/batch/read", "/connect/token")
    calls = {"hubspot": stage.sales.calls(), "xero": stage.finance.calls()}
    return {
        name: sum(call["method"] != "GET" and not call["path"].endswith(reading) for call in log)
        for name, log in calls.items()
    }


def test_the_next_sync_does_what_was_planned():
    with theatre() as stage:
        stage.run(stage.world.sync())
        since = stage.world.hours()
        tui, harakeke = stage.cast.companies["Tui"], stage.cast.companies["Harakeke"]
        win_deal(stage.sales, stage.cast, "Tui", "Honey for Tui", HONEY)
        stage.sales.edit("companies", harakeke, revmark_payment_terms="90 DAYSAFTERBILLDATE", phone="09 555 0200")
        stage.sales.edit("companies", tui, name="Tui Robotics Limited")
        stage.finance.post("Contacts", {"ContactID": stage.cast.contacts["Rimu"], "Name": "Rimu Books and Maps"})
        made = plan(stage)
        assert not made.first
        assert {(write.platform, write.entity, write.action) for write in made.writes} >= {
            ("xero", "invoice", "create"), ("hubspot", "invoice", "create"), ("hubspot", "deal", "update"),
            ("hubspot", "company", "update"), ("xero", "company", "update"),
        }  # fmt: skip
        mirror = next(write for write in made.writes if (write.platform, write.entity) == ("hubspot", "invoice"))
        assert (mirror.fields["total"].stated, mirror.fields["total"].becomes) == (False, None), "it is Xero's to state"
        assert mirror.fields["currency"].becomes == "NZD"
        stage.run(stage.world.sync())
        assert fulfilled(made, stage.world.written(since)) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_people_did_the_next_sync_does_what_was_planned(seed: int):
    with theatre(seed=seed) as stage:
        stage.run(stage.world.sync())
        since, lots = stage.world.hours(), Random(f"deeds/{seed}")
        for _ in range(12):
            deed = DEEDS[lots.choice(sorted(DEEDS))][1]
            try:
                stage.run(deed(stage.world.platforms, Random(lots.random())))
            except Declined:
                continue
            stage.pass_by(1)
        made = plan(stage)
        stage.run(stage.world.sync())
        assert fulfilled(made, stage.world.written(since)) == []


def release(stage: Theatre, made: Plan, lets: Literal["planned", "everything", "nothing"] = "planned") -> None:
    for name in PLATFORMS:
        connection = str(stage.world.settings.connection(name))
        topic = stage.world.topics.name(stage.world.topics.lane(name))
        for word in approvals(made, name, connection, "finance", stage.world.hours(), lets):
            stage.run(stage.world.broker.produce(topic, connection.encode(), word.to_bytes()))


def test_gated_workers_write_nothing_and_plan_the_same_until_they_are_released():
    with theatre(gated=True) as stage:
        made = plan(stage)
        stage.run(stage.world.work())
        assert created(stage) == {"hubspot": 0, "xero": 0}
        assert not any(stage.world.platforms.writes(name) for name in PLATFORMS)
        again = stage.run(stage.world.plan())
        assert moved(made, again) == []
        assert made.id == again.id
        release(stage, again)
        stage.run(stage.world.rest())
        assert fulfilled(made, stage.world.written(BEGINNING)) == []
        assert waiting(stage) == []


def waiting(stage: Theatre) -> list[str]:
    """What the lanes hold, as their ledger says."""
    entries = (LedgerEntry.from_bytes(row.value) for row in stage.world.all(stage.world.topics.ledger) if row.value)
    newest = {entry.command.id: entry for entry in entries}
    return [
        f"{one.command.platform} {one.command.record} {sorted(one.command.fields)}"
        for one in newest.values() if one.state not in SETTLED
    ]  # fmt: skip


def test_what_people_do_after_an_approval_needs_another_plan():
    with theatre(gated=True) as stage:
        stage.run(stage.world.work())
        release(stage, stage.run(stage.world.plan()))
        stage.run(stage.world.rest())
        stage.pass_by(SETTLING.total_seconds())
        since = stage.world.hours()
        stage.sales.edit("companies", stage.cast.companies["Tui"], phone="09 555 0999")
        win_deal(stage.sales, stage.cast, "Tui", "Honey for Tui", HONEY)
        stage.run(stage.world.rest())
        assert stage.world.written(since) == {}, "nobody has seen this"
        assert waiting(stage)
        next_one = stage.run(stage.world.plan())
        assert next_one.writes
        release(stage, next_one)
        stage.run(stage.world.rest())
        assert fulfilled(next_one, stage.world.written(since)) == []
        assert waiting(stage) == []


def test_a_person_may_let_everything_go_and_close_again():
    with theatre(gated=True) as stage:
        stage.run(stage.world.work())
        made = stage.run(stage.world.plan())
        release(stage, made, "everything")
        stage.run(stage.world.rest())
        stage.sales.edit("companies", stage.cast.companies["Tui"], phone="09 555 0999")
        since = stage.world.hours()
        stage.run(stage.world.rest())
        assert stage.world.written(since)
        release(stage, made, "nothing")
        stage.run(stage.world.rest())
        since = stage.world.hours()
        stage.sales.edit("companies", stage.cast.companies["Tui"], phone="09 555 0111")
        stage.run(stage.world.rest())
        assert stage.world.written(since) == {}


def test_a_world_that_has_moved_is_another_plan():
    with theatre(gated=True) as stage:
        made = plan(stage)
        stage.sales.edit(
            "companies", stage.cast.companies["Tui"], phone="09 555 0999", description="no business of ours"
        )
        ((record, what),) = moved(made, plan(stage))
        assert "Tui Robotics on xero" in record
        assert what == "phone"


def test_what_changes_nothing_of_the_plan_does_not_count():
    with theatre(gated=True) as stage:
        made = plan(stage)
        stage.sales.edit("companies", stage.cast.companies["Tui"], description="no business of ours")
        assert moved(made, plan(stage)) == []


def test_a_release_under_another_contract_lets_nothing_go():
    with theatre(gated=True) as stage:
        made = plan(stage)
        stage.run(stage.world.work())
        release(stage, made.model_copy(update={"contract": "0" * 16}))
        release(stage, made.model_copy(update={"contract": "0" * 16}), "everything")
        stage.run(stage.world.rest())
        assert not any(stage.world.platforms.writes(name) for name in PLATFORMS)
