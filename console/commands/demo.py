"""`revmark demo`: the main job on one machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.exits import FINE, NEEDS_PERSON
from console.options import examples

EXAMPLES = examples("revmark demo", "revmark demo --once --json", "revmark demo --folder /tmp/demo --page-port 8090")


def command(
    *,
    once: Annotated[bool, typer.Option("--once", help="end after the story; exit 1 when something differed")] = False,
    json: Annotated[bool, typer.Option("--json", help="one JSON object as the last line of standard output")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="keep Kafka's data, settings and logs there; a temporary folder if not given")
    ] = None,
    broker: Annotated[
        str | None, typer.Option(help="a running Kafka, host:port; the embedded one if not given")
    ] = None,
    page_port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 0,
    gateway_port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 0,
    workers: Annotated[int, typer.Option(min=1, max=8)] = 2,
) -> None:
    """Play quote to cash between a sandbox HubSpot and a sandbox Xero, over Kafka and Faust, and check it."""
    from console.demo.play import Wish, play  # noqa: PLC0415 - loads Kafka's clients

    wish = Wish(once, json, folder, broker, page_port, gateway_port, workers)
    raise typer.Exit(FINE if play(wish) else NEEDS_PERSON)
