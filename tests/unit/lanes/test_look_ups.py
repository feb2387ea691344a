"""Lost answers are looked up together where a platform can be asked so, and one by one for what it left out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from schemas.command import Command
from schemas.errors import Fatal, Parked, RevmarkError, Transient
from streams.platforms.interface import Written
from tests.support.lane import MemoryPlatform, Shift
from tests.support.work import Clock, create


@dataclass(slots=True)
class Asked(MemoryPlatform):
    """A platform that tells of many at once; of those in `silent` it tells nothing, and it may fail after a few."""

    silent: frozenset[str] = frozenset()
    fails: RevmarkError | None = None
    asked: list[list[str]] = field(default_factory=list)

    async def look_up_many(self, commands: Sequence[Command]) -> AsyncIterator[Mapping[str, Written | None]]:
        self.asked.append([each.id for each in commands])
        for command in commands:
            if self.fails and command is commands[-1]:
                raise self.fails
            if command.id not in self.silent:
                yield {command.id: self._find(command)}


def shift(**more: object) -> tuple[Shift, Asked]:
    found = Shift()
    platform = Asked(found.clock, **more)  # type: ignore[arg-type] - what a test says of it
    found.platform = platform
    return found, platform


@pytest.mark.parametrize("mishap", ["lost_after", "lost_before"])
async def test_all_that_was_lost_is_asked_for_at_once_and_what_is_left_out_alone(mishap: str):
    here, platform = shift(silent=frozenset({"c3"}))
    commands = [create(number) for number in range(6)]
    platform.mishaps.extend([mishap] * 6)  # type: ignore[list-item] - one of its words
    await here.work(*commands)
    assert platform.asked[0] == [each.id for each in commands]
    assert [each for name, each in platform.calls if name == "look_up"] == ["c3"]
    await here.rest()
    assert {here.papers.state(each) for each in commands} == {"applied"}
    assert sorted(platform.created) == sorted({f"RM-{number}" for number in range(6)})


async def test_claims_of_a_worker_that_died_are_asked_for_at_once_and_only_what_is_not_there_is_sent():
    here, platform = shift()
    commands = [create(number) for number in range(6)]
    assert not await here.work(*commands, die_at="called")
    assert not await here.work(*(create(number) for number in range(6, 9)), die_at="claimed")
    here.clock.pass_by(30)
    here.stays = True
    await here.work(*commands, *(create(number) for number in range(6, 9)))
    await here.rest()
    assert [len(each) for each in platform.asked] == [9, 3]  # once more when nothing of it can arrive any more
    assert platform.count("look_up") == 0
    assert sorted(platform.created) == sorted(f"RM-{number}" for number in range(9))


@pytest.mark.parametrize("stays_down", [False, True])
async def test_where_many_cannot_be_told_of_the_rest_is_looked_up_alone(*, stays_down: bool):
    here, platform = shift(fails=Transient("it takes too long"))
    commands = [create(number) for number in range(6)]
    platform.mishaps.extend(["lost_after"] * 6)
    if stays_down:
        platform.look_up_mishaps.append(Transient("and so does this"))
    await here.work(*commands)
    assert [each for name, each in platform.calls if name == "look_up"] == ["c5"]
    states = [here.papers.state(each) for each in commands]
    assert states == ["applied"] * 5 + ["unknown" if stays_down else "applied"]
    platform.fails = None
    await here.rest()
    assert {here.papers.state(each) for each in commands} == {"applied"}
    assert len(platform.created) == 6


async def test_a_connection_that_is_parked_meanwhile_looks_nothing_up():
    until = Clock()
    until.pass_by(600)
    here, platform = shift(fails=Parked("the day is spent", until=until()))
    platform.look_up_mishaps.append(Parked("the day is spent", until=until()))
    commands = [create(number) for number in range(6)]
    platform.mishaps.extend(["lost_after"] * 6)
    await here.work(*commands)
    assert (len(platform.asked), platform.count("look_up")) == (1, 1)
    assert here.papers.state(commands[5]) == "unknown"
    platform.fails = None
    await here.rest()
    assert len(platform.created) == 6


async def test_what_must_stop_the_worker_does():
    here, platform = shift(fails=Fatal("no such thing"))
    platform.mishaps.extend(["lost_after"] * 2)
    with pytest.raises(Fatal):
        await here.work(create(1), create(2))
