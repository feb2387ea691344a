"""The troupe: plays many scenarios side by side on one stage, each at its own pace, with or without mishaps.

Flows in: scenarios, a stage whose curtain is up. Flows out: an account of each, which says what it expected and saw.
Invariant: a scenario whose expectation is not seen in time ends there and fails alone; the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from tests.scenarios.playbill import Play, Then

PATIENCE = 180.0  # seconds until a step has to be seen; the longest took 61, at load 9
LOOK_EVERY = 0.25  # seconds between two looks; a look that takes longer is followed by a rest as long as itself


class Victim(Protocol):
    """What can be killed and started anew."""

    name: str

    def kill(self) -> None:
        """End it as a power cut would."""
        ...

    def restart(self) -> None:
        """Start it anew."""
        ...


class Scene(Protocol):
    """What all scenarios look at."""

    def look(self) -> None:
        """See what is there now."""
        ...


@dataclass
class Part:
    """One scenario while it is played. `missed` says what was not seen."""

    name: str
    play: Play
    waits: Then | None = None
    since: float = 0.0
    steps: list[str] = field(default_factory=list)
    missed: str = ""
    kills: int = 0

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return bool(self.missed) or (self.waits is None and bool(self.steps))


@dataclass
class Curtain:
    """Rises for all at once, when everybody is ready: then all do their first deed within one look.

    So whoever is killed while they do has been killed while each of them was played. They are looked at in their order.
    """

    names: list[str]
    up: bool = False
    _late: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Wait for everybody."""
        self._late = set(self.names)

    def rises(self, name: str, ready: bool) -> bool:  # noqa: FBT001 - one question about one player
        """Whether the curtain is up for the one that is looked at, who may be ready by now."""
        if ready:
            self._late.discard(name)
        self.up = self.up or (not self._late and name == self.names[0])
        return self.up


@dataclass
class Mishaps:
    """Kills processes as a power cut would, each after a number of deeds that a seed has drawn.

    What was killed is started anew once everybody who could do something has done it.
    """

    seed: int
    victims: list[Victim] = field(default_factory=list)
    among: int = 1
    kills: list[str] = field(default_factory=list)
    _deeds: int = 0
    _down: list[Victim] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Draw the moments: the first kill while all are doing their first deed, each other as many deeds later."""
        lots, at = Random(self.seed), 0
        self._moments = dict[int, Victim]()
        for victim in self.victims:
            at += lots.randint(self.among // 2 + 1, self.among)
            self._moments[at] = victim

    def done(self, parts: list[Part]) -> None:
        """Somebody has done something to what both systems hold of a customer."""
        self._deeds += 1
        if victim := self._moments.get(self._deeds):
            victim.kill()
            self._down.append(victim)
            self.kills.append(f"{victim.name} after deed {self._deeds}")
            for part in parts:
                part.kills += not part.over

    def mend(self) -> None:
        """Start what was killed."""
        while self._down:
            self._down.pop().restart()


@dataclass
class Troupe:
    """Everybody who plays. `alarm` says who has died by himself."""

    parts: list[Part]
    scene: Scene
    mishaps: Mishaps
    alarm: Callable[[], str]
    patience: float = PATIENCE
    every: float = LOOK_EVERY
    last: dict[str, Then] = field(default_factory=dict)

    def play(self) -> None:
        """Play until every scenario has ended."""
        self.scene.look()
        for part in self.parts:
            self._act(part)
        self.mishaps.mend()
        while waiting := [part for part in self.parts if not part.over]:
            began = time.monotonic()
            self.scene.look()
            for part in waiting:
                self._see(part)
            self.mishaps.mend()
            if dead := self.alarm():
                for part in waiting:
                    part.missed = part.missed or dead
            time.sleep(max(self.every, time.monotonic() - began))

    def still(self) -> None:
        """Look once more at what each scenario ended with: nothing that came later may have undone it."""
        self.scene.look()
        for part in self.parts:
            then = self.last.get(part.name)
            if then and not part.missed and (seen := looked(then)) != then.expected:
                part.missed = f"at the end no more: {differs(then, seen)}"

    def _see(self, part: Part) -> None:
        assert part.waits is not None
        seen = looked(part.waits)
        if seen == part.waits.expected:
            self.last[part.name] = part.waits
            part.steps.append(f"{time.monotonic() - part.since:.1f} s  {part.waits.words}")
            self._act(part)
        elif time.monotonic() - part.since > self.patience:
            part.missed = differs(part.waits, seen)

    def _act(self, part: Part) -> None:
        try:
            part.waits = next(part.play, None)
        except Exception as error:  # noqa: BLE001 - whatever a scenario stumbles over is its own ending
            part.missed = f"after {part.steps[-1:]}: {type(error).__name__}: {error}"
        part.since = time.monotonic()
        if part.waits is None and not part.steps:
            part.missed = part.missed or "it expects nothing"
        if part.steps:
            self.mishaps.done(self.parts)


def looked(then: Then) -> Any:
    """What there is to be seen now."""
    try:
        return then.look()
    except Exception as error:  # noqa: BLE001 - what cannot be seen yet; that it never can be is told in the end
        return f"not there yet ({type(error).__name__}: {error})"


def differs(then: Then, seen: Any) -> str:
    """What was expected and what was seen, for people."""
    return f"{then.words}\n  expected {then.expected!r}\n  seen     {seen!r}"
