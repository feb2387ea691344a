"""A backfill of a whole world at rest: everything is read and judged anew, and nothing is written or told again."""

from console.demo.cast import win_deal
from schemas.command import Backfill
from schemas.reading import ReadingState
from streams.platforms.registry import PLATFORMS
from streams.platforms.shares import SHARES
from tests.simulation.planned import Theatre, theatre
from tests.simulation.test_contract_diff import HONEY
from tests.simulation.test_plan import BEGINNING
from tests.simulation.test_replay import values


def ask(stage: Theatre) -> None:
    """A person asks both lanes for everything."""
    world = stage.world
    for name in PLATFORMS:
        connection = str(world.settings.connection(name))
        word = Backfill(tenant=world.settings.tenant, connection=connection, anew=True, at=world.hours())
        topic = world.topics.name(world.topics.lane(name))
        stage.run(world.broker.produce(topic, connection.encode(), word.to_bytes()))


def test_everything_is_read_and_judged_anew_and_nothing_is_written_twice():
    with theatre() as stage:
        stage.run(stage.world.sync())
        win_deal(stage.sales, stage.cast, "Tui", "Honey for Tui", HONEY)
        stage.pass_by(10)
        stage.run(stage.world.sync())
        stage.world.broker._limit *= 3  # noqa: SLF001 - everything comes twice
        before = stage.world.written(BEGINNING), stage.world.totals(), len(values(stage, "revenue"))
        facts = len(values(stage, "facts"))
        ask(stage)
        stage.run(stage.world.sync())
        assert (stage.world.written(BEGINNING), stage.world.totals(), len(values(stage, "revenue"))) == before
        assert len(values(stage, "facts")) > facts
        told = [ReadingState.from_bytes(value) for value in values(stage, "readings")]
        last = {(each.platform, each.what, each.kind): each for each in told}
    filled = {(name, kind): each for (name, what, kind), each in last.items() if what == "backfill"}
    assert set(filled) == {(name, kind) for name, share in SHARES.items() for kind in share.entities}
    assert {each.state for each in last.values()} == {"done"}
    assert filled["hubspot", "company"].read >= last["hubspot", "first", "company"].read > 0  # one was made since
