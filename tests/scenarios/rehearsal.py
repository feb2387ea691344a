"""A rehearsal: one scenario without Kafka and in a time of its own, both sandboxes and the workers in one process.

Flows in: a scenario. Flows out: what was not seen of it, and the invariants that do not hold in the end.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from console.demo.people import Record
from schemas.contract import parse_contract
from schemas.wire import decode
from tests.scenarios.agreements import agreement
from tests.scenarios.customer import Customer
from tests.scenarios.desks import Bookkeeper, Desks, Seller
from tests.scenarios.performance import told
from tests.scenarios.playbill import Scenario, Then
from tests.scenarios.troupe import Curtain, differs, looked
from tests.simulation.planned import PlannedWorld, Seat, Theatre, theatre
from tests.simulation.witness import Witness
from tests.support.invariants import violated

LOOKS = 8  # until a step has to be seen: with a reading of both systems before each
PAUSE = 10.0  # seconds between two, for the webhooks that are on their way


class SellerSeat(Seat, Seller):
    """Somebody at HubSpot's screen."""


class BookkeeperSeat(Seat, Bookkeeper):
    """Somebody at Xero's screen."""


@dataclass
class Onlooker:
    """Whoever reads along on the topics of a world."""

    world: PlannedWorld

    def seen(self, topic: str) -> list[Record]:
        """What has come so far."""
        names = {self.world.topics.name(each): each for each in self.world.topics}
        rows = (record.value for record in self.world.all(names[topic]))
        return [dict(decode(value)) for value in rows if value is not None]


class OpenDesks(Desks):
    """Desks at which every look is a new one."""

    def look(self) -> None:
        """See what is there now."""
        self._hubspot, self._xero = self.sales.state(), self.finance.shelves()


def rehearsed(scenario: Scenario) -> tuple[str, dict[str, list[str]]]:
    """Play a scenario: what was not seen, and what violates an invariant; both are empty where all is well."""
    with theatre(contract=parse_contract(agreement(scenario.contract), source=scenario.contract)) as stage:
        world = stage.world
        screens = SellerSeat(world.platforms.hubspot, stage.loop), BookkeeperSeat(world.platforms.xero, stage.loop)
        desks = OpenDesks(*screens, Onlooker(world), world.topics.prefix)
        opened = partial(Customer, typed=_typed, clock=world.hours)
        desks.look()
        last: Then | None = None
        for then in told(scenario, desks, opened, Curtain([scenario.name])):
            if missed := _missed(stage, desks, then):
                return missed, {}
            last = then
        _work(stage, desks)
        if last is not None and (seen := looked(last)) != last.expected:
            return f"at the end no more: {differs(last, seen)}", {}
        return "", violated(Witness(world))


def _missed(stage: Theatre, desks: Desks, then: Then) -> str:
    for _ in range(LOOKS):
        if looked(then) == then.expected:
            return ""
        _work(stage, desks)
    return differs(then, looked(then))


def _work(stage: Theatre, desks: Desks) -> None:
    stage.pass_by(PAUSE)
    stage.run(stage.world.sync())
    desks.look()


def _typed(*words: str) -> Future[str]:
    raise NotImplementedError(f"nobody types `revmark {' '.join(words)}` in a rehearsal")
