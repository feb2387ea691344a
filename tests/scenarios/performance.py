"""One performance of all scenarios of an agreement: calm, with every webhook tripled and shuffled, with kills, or both.

Flows in: an agreement, a mode, a broker. Flows out: a verdict for each scenario, and the invariants that do not hold.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from typer.testing import CliRunner

from console.main import app
from tests.scenarios.agreements import AGREEMENTS, agreement
from tests.scenarios.customer import Customer
from tests.scenarios.desks import Bookkeeper, Desks, Seller
from tests.scenarios.playbill import Play, Scenario, all_scenarios, holds
from tests.scenarios.troupe import Curtain, Mishaps, Part, Troupe
from tests.support.invariants import violations
from tests.support.theatre import Performance, performance

Mode = Literal["calm", "tripled and shuffled", "killed", "shuffled and killed"]
# Three performances of each of the two large agreements. Of a smaller one, where most of the time goes by before the
# curtain rises, there is one, in which all goes wrong at once; what it is to be like is rehearsed.
APART: tuple[Mode, ...] = ("calm", "tripled and shuffled", "killed")
AT_ONCE: tuple[Mode, ...] = ("shuffled and killed",)
MODES = {name: APART if name in {"delivery", "parts"} else AT_ONCE for name in AGREEMENTS}
HISTORY = "Last year's honey"  # the cast's deal that was won before Revmark came
SEED = 7  # of the moments at which processes are killed
SHUFFLED_WITHIN = 1.5  # seconds
SETTLED_WITHIN = 90.0  # seconds until nothing moves any more after the last step


@dataclass
class Verdict:
    """What became of a performance. `missed`: by scenario, what it did not see; `kills`: how many it lived through."""

    missed: dict[str, str] = field(default_factory=dict)
    steps: dict[str, list[str]] = field(default_factory=dict)
    kills: dict[str, int] = field(default_factory=dict)
    killed: list[str] = field(default_factory=list)
    broken: dict[str, list[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def to_text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_text(cls, text: str) -> Verdict:
        """Back from it."""
        return cls(**json.loads(text))


def performed(name: str, mode: Mode, broker: str, prefix: str, folder: Path) -> Verdict:
    """Play all scenarios of an agreement."""
    if name not in AGREEMENTS:
        raise ValueError(f"no agreement is called {name!r}; there are {', '.join(AGREEMENTS)}")
    folder.mkdir(parents=True)
    (folder / "contract.yaml").write_text(agreement(name), encoding="utf-8")
    began = time.monotonic()
    verdict = Verdict()
    with performance(folder, broker, prefix) as play, _desks(play) as desks, ThreadPoolExecutor(1) as typist:

        def typed(*words: str) -> Future[str]:
            return typist.submit(_type, play, words)

        scenarios = [each for each in all_scenarios() if each.contract == name]
        curtain = Curtain([each.name for each in scenarios])
        opened = partial(Customer, typed=typed, in_doubt="killed" in mode)
        parts = [Part(each.name, told(each, desks, opened, curtain)) for each in scenarios]
        _enter_known(parts)
        if "shuffled" in mode:
            for desk in (desks.sales, desks.finance):
                desk.fault("webhook_duplicate", params={"copies": 3})
                desk.fault("webhook_reorder", params={"window_seconds": SHUFFLED_WITHIN})
        play.stage.raise_curtain()
        on = play.stage.processes
        victims = [on["worker-1"], on["gateway"], on["worker-2"]] if "killed" in mode else []
        verdict.seconds["ready"] = round(time.monotonic() - began, 1)
        troupe = Troupe(parts, desks, Mishaps(SEED, victims, len(parts)), play.stage.dead)
        troupe.play()
        verdict.seconds["played"] = round(time.monotonic() - began, 1)
        play.account.expect("all invariants hold", {}, lambda: violations(play), patience=SETTLED_WITHIN)
        troupe.still()
        last = play.account.entries[-1]
        verdict.broken = {} if last.ok else {str(key): rows for key, rows in dict(last.seen).items()}
        verdict.killed = troupe.mishaps.kills
    for part in parts:
        verdict.missed[part.name], verdict.steps[part.name] = part.missed, part.steps
        verdict.kills[part.name] = part.kills
    verdict.seconds["over"] = round(time.monotonic() - began, 1)
    return verdict


@contextmanager
def _desks(play: Performance) -> Iterator[Desks]:
    stage = play.stage
    with (
        closing(Seller(stage.hubspot["url"])) as sales,
        closing(Bookkeeper(stage.xero["url"], stage.xero["tenant_id"])) as finance,
    ):
        yield Desks(sales, finance, play.witness, stage.options.prefix)


def _type(play: Performance, words: tuple[str, ...]) -> str:
    env_file = play.stage.env["REVMARK_ENV_FILE"]
    done = CliRunner().invoke(app, ["--env-file", env_file, *words], env={"COLUMNS": "200"})
    if done.exit_code:
        raise RuntimeError(f"revmark {' '.join(words)} ended with {done.exit_code}: {done.output} {done.exception!r}")
    return done.stdout or "done"


def told(scenario: Scenario, desks: Desks, opened: Callable[..., Customer], curtain: Curtain) -> Play:
    """A scenario from its first page: the customer is entered, known to Revmark, and then the story begins."""
    held = dict(scenario.known or {})
    customer = opened(_named(scenario.name), desks, held.pop("currency", "NZD"))
    if scenario.known is not None:
        customer.enters(**held)
    story = scenario.told(customer)
    first = next(story) if scenario.before else None
    yield holds("entered", lambda: True)
    yield holds("everything has been read once", lambda: curtain.rises(scenario.name, customer.is_known(HISTORY)))
    if first:
        yield first
    yield from story


def _enter_known(parts: list[Part]) -> None:
    for part in parts:
        next(part.play)


def _named(name: str) -> str:
    return " ".join(word.capitalize() for word in name.split("_"))
