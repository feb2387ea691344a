"""The playbill: what a scenario is, and the list of all that are played.

A scenario is one small generator. It does what sales and finance do with a customer of its own, and yields what has to
be seen before it goes on. To add one, write such a function into a file of `plays/`; nothing else has to know of it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.scenarios.customer import Customer

PLAYS = Path(__file__).with_name("plays")


@dataclass(frozen=True)
class Then:
    """What has to be seen next: in words, as a value, and how to look."""

    words: str
    expected: Any
    look: Callable[[], Any]


def holds(words: str, look: Callable[[], bool]) -> Then:
    """Something has to be so."""
    return Then(words, expected=True, look=look)


Play = Iterator[Then]
Told = Callable[["Customer"], Play]


@dataclass(frozen=True)
class Scenario:
    """One story of one customer, in the words of finance.

    `contract` names the agreement it is played under. `known` says what both systems hold of the customer from the
    start; None: there is no customer yet. `before`: what is done up to the first expectation is done before Revmark
    comes.
    """

    name: str
    title: str
    contract: str
    known: dict[str, str] | None
    told: Told
    before: bool = False


@dataclass
class Playbill:
    """All scenarios, in the order in which they were written down."""

    scenarios: list[Scenario] = field(default_factory=list)

    def scenario(
        self, title: str, *, contract: str = "delivery", known: bool = True, before: bool = False, **held: str
    ) -> Callable[[Told], Told]:
        """Put a story on the list."""

        def enter(told: Told) -> Told:
            scenario = Scenario(told.__name__, title, contract, held if known else None, told, before)
            if any(each.name == scenario.name or each.title == title for each in self.scenarios):
                raise ValueError(f"two scenarios are called {title!r} or {scenario.name}")
            self.scenarios.append(scenario)
            return told

        return enter


PLAYBILL = Playbill()
scenario = PLAYBILL.scenario


def all_scenarios() -> list[Scenario]:
    """Every scenario of `plays/`, file by file."""
    for file in sorted(PLAYS.glob("*.py")):
        importlib.import_module(f"tests.scenarios.plays.{file.stem}")
    return PLAYBILL.scenarios
