"""The options that several commands share, worded once."""

from __future__ import annotations

from typing import Annotated

import typer

from schemas.names import Entity

Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1_000_000, help="at most this many, newest first")]
Lines = Annotated[bool, typer.Option("--json", help="one JSON object a line, as it stands on the topic")]
Document = Annotated[bool, typer.Option("--json", help="one JSON document")]
Offline = Annotated[bool, typer.Option("--offline", help="show what was read before; do not ask the broker")]
Record = Annotated[
    str | None, typer.Option("--record", help="canonical id, platform reference, number or name of one record")
]
Customer = Annotated[str | None, typer.Option("--customer", help="canonical id, or part of the name")]
Kind = Annotated[Entity | None, typer.Option("--type", help="kind of record")]
Day = Annotated[str | None, typer.Option("--day", help="YYYY-MM-DD, or YYYY-MM for a month")]
Currency = Annotated[str | None, typer.Option("--currency", help="ISO 4217 code")]

DEFAULT_LIMIT = 30


def examples(*lines: str) -> str:
    """Examples for the end of a command's help."""
    return "\n\n".join(["[bold]Examples[/bold]", *lines])
