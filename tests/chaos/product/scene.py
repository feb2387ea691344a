"""One fault's part: people at work, probes of how long it takes until effects come again, and the recount."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random  # noqa: TID251 - its seed is an argument
from statistics import median
from typing import Any

from console.demo.people import Finance, Sales
from console.demo.stage import Options
from streams.broker.progress import silent
from tests.chaos.product.house import House
from tests.chaos.product.network import Network
from tests.chaos.product.people import Crowd, firm
from tests.chaos.product.recount import Evidence, doubled, lost

__all__ = ["BROKERS", "REACH", "STEPS", "Pace", "Report", "Scene", "scene"]

WORKERS = 3
BROKERS = (1, 2, 3)
REACH = ("one", "all")  # how many brokers a blow hits
LINKED_WITHIN = 120.0  # seconds for the first reading of both platforms
ANSWERED_WITHIN = 180.0  # seconds until a probe must have come through: many recoveries
QUIET_WITHIN = 120.0  # seconds until everything must be on both sides once people have stopped
QUIET = 3.0  # seconds without a write of ours: longer than webhook, decision and call take together
PROBE_EVERY = 0.1  # seconds
RECOUNT_EVERY = 0.5  # seconds: it reads everything that there is
STEPS = ("claimed", "called", "answered", "recorded", "produced", "flushed")
MEMORY = 300  # MiB that a worker may take at most, of which nothing may depend on how long an outage is
CHANGES_A_ROUND = 10  # of people, at the least: fewer prove nothing


@dataclass(frozen=True)
class Pace:
    """How often, how fast, how long."""

    rounds: int = 1
    rate: float = 2.0  # deeds of people a second
    away: float = 20.0  # seconds that a broker is away or a disk is full
    outage: float = 30.0  # seconds that the network is broken
    reach: Sequence[str] = REACH
    writes: int = 500  # carried out while answers or requests are lost
    moves: int = 40  # workers that join or leave in a storm
    victims: int = 3  # workers killed or stopped in a round, one after the other
    steps: Sequence[str] = STEPS
    firms: int = 40  # there from the beginning: a field of one is edited again after more than a minute
    between: float = 4.0  # seconds of work at most before a blow
    within: float = 30.0  # seconds: recoveries that take longer are a failure


@dataclass
class Report:
    """What a fault came to."""

    id: str
    name: str
    rounds: int = 0
    changes: int = 0  # what people did meanwhile
    writes: int = 0  # what we wrote meanwhile
    recoveries: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)  # workers that ended by themselves
    failures: list[str] = field(default_factory=list)  # of what this fault has to show besides
    figures: dict[str, Any] = field(default_factory=dict)
    skipped: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing was lost or made twice, and enough was done to say so."""
        return not (self.lost or self.duplicates or self.failures)

    def public(self) -> dict[str, Any]:
        """The report as the last line has it."""
        if self.skipped:
            return {"id": self.id, "name": self.name, "skipped": self.skipped, "ok": True}
        times = [*self.recoveries] or [0.0]
        recovery = {"median": round(median(times), 2), "max": round(max(times), 2)}
        return {
            "id": self.id, "name": self.name, "rounds": self.rounds, "changes": self.changes, "writes": self.writes,
            "lost": len(self.lost), "duplicates": len(self.duplicates), "recovery_s": recovery,
            "ended": len(self.ended), **self.figures, "ok": self.ok,
        }  # fmt: skip


class Scene:
    """The deployment and its people; faults are played on it one after the other."""

    def __init__(self, house: House, sales: Sales, finance: Finance, pace: Pace, lots: Random) -> None:
        self.house, self.sales, self.finance = house, sales, finance
        self.pace = pace
        self.lots = lots
        self._probes = 0
        self._known: set[str] = set()  # what was lost or there twice before
        self._probed = ("", "")  # company and contact

    # before

    def open(self) -> None:
        """People who were there before, linked, and a firm of our own to look at."""
        for number in range(self.pace.firms):
            firm(self.sales, f"Firm {number:03}")
        company = firm(self.sales, "Probe 0")
        self.house.raise_curtain()
        self.house.settled()
        linked = self.house.until(self._quiet(), LINKED_WITHIN)
        assert linked, f"before anything went wrong: {lost(self.evidence())[:5]}"
        contact = next(row["ContactID"] for row in self.finance.shelf("Contacts") if row["Name"] == "Probe 0")
        self._probed = (company, contact)

    # during

    @contextmanager
    def played(self, report: Report) -> Iterator[None]:
        """People at work while the block runs; then quiet, and the recount."""
        before = len(self._typed()), len(self._written())
        crowd = Crowd(self.sales, self.finance, self.pace.rate, self.lots).start()
        self.house.ended.clear()
        self.house.peak = 0.0
        self.house.loads.clear()
        try:
            yield
        finally:
            crowd.stop()
        self.house.until(self._quiet(), QUIET_WITHIN)
        seen = self.evidence()
        report.lost += self._new(lost(seen))
        report.duplicates += self._new(doubled(seen))
        report.changes, report.writes = len(seen.typed) - before[0], len(seen.written) - before[1]
        report.ended += self.house.ended
        if self.house.loads:
            report.figures["load"] = {
                "median": round(median(self.house.loads), 1),
                "max": round(max(self.house.loads), 1),
            }
        if self.house.peak:
            report.figures["memory_peak_mib"] = round(self.house.peak)
        if report.changes < CHANGES_A_ROUND * max(1, report.rounds):
            report.failures.append(f"people did {report.changes} things only: too few to say anything")
        late = [each for each in report.recoveries if each > self.pace.within]
        report.failures += [f"the first effect came after {each:.1f} s" for each in late]

    def linger(self) -> None:
        """Work for a while that chance decides."""
        self.house.rest(self.lots.uniform(self.pace.between / 2, self.pace.between))

    def recovers(self, report: Report, since: float) -> None:
        """Wait until a change on each side, made now, is seen on the other; keep how long it took since the fault."""
        self._probes += 1
        company, contact = self._probed
        name, terms = f"Probe {self._probes}", {"Day": self._probes % 28 + 1, "Type": "DAYSAFTERBILLDATE"}
        seen = self._last(self.sales), self._last(self.finance)
        self.sales.edit("companies", company, name=name)
        self.finance.post("Contacts", {"ContactID": contact, "PaymentTerms": {"Sales": terms}})
        wanted = f"{terms['Day']} {terms['Type']}"

        def shown() -> bool:
            time.sleep(PROBE_EVERY)
            ours = self._since(self.finance, seen[1]), self._since(self.sales, seen[0])
            erp = any(row["id"] == contact and row["body"].get("Name") == name for row in ours[0])
            return erp and any(
                row["id"] == company and row["body"].get("revmark_payment_terms") == wanted for row in ours[1]
            )

        came = self.house.until(shown, ANSWERED_WITHIN)
        report.recoveries.append(time.monotonic() - since)
        if not came:
            report.failures.append(f"nothing came through within {ANSWERED_WITHIN:.0f} s")
        report.rounds += 1

    def blows(self) -> Iterator[list[int]]:
        """Brokers that each blow hits, after a while of work: one that chance draws, then all."""
        for _ in range(self.pace.rounds):
            for reach in self.pace.reach:
                self.linger()
                yield [self.lots.choice(BROKERS)] if reach == "one" else list(BROKERS)

    def reckon(self, report: Report) -> None:
        """How many webhooks were turned away, which their senders repeat, and what it took of memory."""
        answers = [status for _, status in self.house.deliveries()]
        report.figures.update(webhooks=len(answers), webhooks_refused=sum(status != 200 for status in answers))
        self.house.settled()
        if self.house.peak > MEMORY:
            report.failures.append(f"a worker took {self.house.peak:.0f} MiB")

    def written(self) -> int:
        """How many writes of ours the platforms have taken."""
        return len(self._written())

    # after

    def evidence(self) -> Evidence:
        """Everything, as the platforms tell it."""
        objects = self.sales.state()["objects"]
        live = {kind: [row for row in rows if not row["archived"]] for kind, rows in objects.items()}
        return Evidence(
            companies=live["companies"], deals=live["deals"], lines=live["line_items"], mirrors=live["invoices"],
            contacts=self.finance.shelf("Contacts"), invoices=self.finance.invoices(),
            typed=self._typed(), written=self._written(),
        )  # fmt: skip

    def _quiet(self) -> Any:
        newest, since = -1, time.monotonic()

        def quiet() -> bool:
            nonlocal newest, since
            time.sleep(RECOUNT_EVERY)
            count = len(self._written())
            if count != newest:
                newest, since = count, time.monotonic()
            return time.monotonic() - since > QUIET and not self._news(lost(self.evidence()))

        return quiet

    def _news(self, found: list[str]) -> list[str]:
        return [each for each in found if each not in self._known]

    def _new(self, found: list[str]) -> list[str]:
        new = self._news(found)
        self._known.update(new)
        return new

    def _typed(self) -> list[dict[str, Any]]:
        return [*self.sales.writes("person"), *self.finance.writes("person")]

    def _written(self) -> list[dict[str, Any]]:
        return [*self.sales.writes(), *self.finance.writes()]

    @staticmethod
    def _last(desk: Sales | Finance) -> int:
        return max((row["sequence"] for row in desk.writes()), default=0)

    @staticmethod
    def _since(desk: Sales | Finance, sequence: int) -> list[dict[str, Any]]:
        return [row for row in desk.writes() if row["sequence"] > sequence and isinstance(row["body"], dict)]


@contextmanager
def scene(
    folder: Path,
    pace: Pace,
    lots: Random,
    *,
    small_disks: Collection[str] = (),
    lines: bool = False,
    broker: str | None = None,
    prefix: str = "chaos",
) -> Iterator[Scene]:
    """Yield a scene that works; nothing of it is left running afterwards."""
    options = Options(folder, broker=broker, workers=WORKERS, page=False, prefix=f"{prefix}.")
    with ExitStack() as stack:
        network = stack.enter_context(Network(Random(lots.random()))) if lines else None  # noqa: S311 - not secret
        house = stack.enter_context(House(options, silent, small_disks=small_disks, network=network))
        house.prepare()
        sales, finance = Sales(house.hubspot["url"]), Finance(house.xero["url"], house.xero["tenant_id"])
        made = Scene(house, sales, finance, pace, lots)
        try:
            made.open()
            yield made
        finally:
            sales.close()
            finance.close()
