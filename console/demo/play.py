"""Playing: brings the stage up, tells the story as it goes, sums it up, and strikes the stage whatever happens."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.demo.account import Account, Entry
from console.demo.cast import assemble
from console.demo.people import Finance, Sales
from console.demo.process import Process
from console.demo.stage import Options, Stage
from console.demo.story import Story
from console.demo.witness import Witness
from streams.broker import Step

SUBSCRIBER = Path(__file__).with_name("subscriber.py")


@dataclass
class Wish:
    """What the command line asks for."""

    once: bool = False
    json: bool = False
    folder: Path | None = None
    broker: str | None = None
    page_port: int = 0
    gateway_port: int = 0
    workers: int = 2


def play(wish: Wish) -> bool:
    """Play the demo; True when everything was seen as expected."""
    began = time.monotonic()
    console = Console(highlight=False, stderr=wish.json)
    folder = wish.folder or Path(tempfile.mkdtemp(prefix="revmark-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    # SIGINT may have been inherited as ignored; SIGHUP means that the terminal was closed, unless nohup said otherwise.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _as_interrupt)
    options = Options(folder, wish.broker, wish.page_port, wish.gateway_port, wish.workers)
    try:
        with _meter(console) as say, Stage(options, say) as stage:
            account = _perform(stage, console, began)
            _summary(stage, account, console)
            if wish.json:
                print(json.dumps(account[0].as_json(account[1], account[2])), flush=True)  # noqa: T201 - the last line
            if not wish.once:
                _stay(stage, console)
            return account[0].ok
    finally:
        if wish.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


Performed = tuple[Account, list[dict[str, Any]], dict[str, int], Counter[str]]


def _perform(stage: Stage, console: Console, began: float) -> Performed:
    stage.prepare()
    sales, finance = Sales(stage.hubspot["url"]), Finance(stage.xero["url"], stage.xero["tenant_id"])
    cast = assemble(sales, finance)
    stage.raise_curtain()
    topics = stage.topics
    watched = [topics.name(one) for one in (topics.decisions, topics.revenue, topics.totals, topics.variances)]
    witness = Witness(stage.broker, watched, topics.partitions)
    command = [sys.executable, str(SUBSCRIBER), stage.broker, "demo-subscriber"]
    stage.processes["subscriber"] = Process(
        "subscriber", command, env=stage.env, log=stage.options.folder / "logs" / "subscriber.log"
    )
    console.print(f"The page that shows the flow: [bold]{stage.page_url}[/bold]\n")
    account = Account(tell=lambda entry: _tell(console, entry), alarm=stage.dead, started=began)
    story = Story(stage, account, sales, finance, cast, witness)
    try:
        story.play()
        rulings = Counter(f"{row['rule']}: {row['ruling']}" for row in witness.seen(watched[0]))
        return account, story.totals(), story.writes(), rulings
    finally:
        witness.close()
        sales.close()
        finance.close()


def _tell(console: Console, entry: Entry) -> None:
    mark = Text("  ok  ", style="green") if entry.ok else Text("differs", style="bold red")
    console.print(mark, Text(f"{entry.seconds:5.1f} s"), Text(entry.name))
    if not entry.ok:
        console.print(Text(f"          expected: {entry.expected}\n          seen:     {entry.seen}", style="red"))


def _summary(stage: Stage, performed: Performed, console: Console) -> None:
    account, totals, writes, rulings = performed
    console.print("\n[bold]Revenue events, as a subscriber printed them[/bold]")
    lines = stage.processes["subscriber"].log.read_text().splitlines()
    console.print(Text("\n".join(line for line in lines if line[:1].isdigit())), soft_wrap=True)
    decided = Table("rule", "ruling", "times", title="What was decided", title_justify="left", box=None)
    for name, times in rulings.most_common():
        rule, ruling = name.split(": ")
        decided.add_row(rule, ruling, str(times))
    windows = Table(
        "day",
        "currency",
        "side",
        "invoices",
        "total",
        "due",
        title="What was reconciled",
        title_justify="left",
        box=None,
    )
    for row in totals:
        windows.add_row(row["day"], row["currency"], row["side"], str(row["invoices"]), row["total"], row["due"])
    console.print()
    console.print(decided)
    console.print()
    console.print(windows)
    good = sum(entry.ok for entry in account.entries)
    written = ", ".join(f"{count} to {platform}" for platform, count in writes.items())
    console.print(
        f"\n{good} of {len(account.entries)} steps as expected in {account.seconds:.0f} s; writes: {written}.",
        style="bold green" if account.ok else "bold red",
    )


def _stay(stage: Stage, console: Console) -> None:
    console.print(
        f"\nAll of it stays up until Ctrl-C. The page: [bold]{stage.page_url}[/bold]\n"
        f"Look around with: REVMARK_ENV_FILE={stage.options.folder / 'revmark.env'} {sys.argv[0]} decisions",
        soft_wrap=True,
    )
    while not (dead := stage.dead()):
        threading.Event().wait(1.0)
    console.print(Text(dead, style="red"))


@contextmanager
def _meter(console: Console) -> Iterator[Any]:
    """A line that says what is being started, with how far it is."""
    last = ""

    def say(step: Step) -> None:
        nonlocal last
        if console.is_terminal:
            bar = "━" * int(step.fraction * 24)
            console.print(Text(f"\r\033[2K{bar:<24} {step}"), end="")
        elif str(step) != last:
            console.print(Text(str(step)))
        last = str(step)

    yield say
    if console.is_terminal:
        console.print()


def _as_interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
