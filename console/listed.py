"""Lists as commands show them: found in the projection, printed as JSON lines or drawn as a sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import typer

from console.options import DEFAULT_LIMIT
from console.output import Sheet, show, show_lines
from console.projection.filters import Filters
from console.projection.listing import Record, find, labels
from console.session import session_of


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; the keywords are the filters, by their names in `console.projection.filters`."""

    filters: Filters
    limit: int = DEFAULT_LIMIT
    json: bool = False
    offline: bool = False


def present(
    context: typer.Context,
    model: type[Record],
    wish: Wish,
    draw: Callable[[Sequence[Record], Mapping[str, str]], Sheet],
    *,
    shelves: Sequence[str],
    named: Callable[[Record], str] | None = None,
) -> None:
    """Show the records of one kind that the wish leaves, newest first.

    Args:
        context: of the command.
        model: the kind of record.
        wish: what was asked for.
        draw: makes the sheet of the records and of what people call those that `named` gives.
        shelves: the topics to read first.
        named: the canonical id that a record is about.
    """
    with session_of(context).projection(*shelves, offline=wish.offline) as store:
        found = find(store, model, wish.filters, wish.limit)
        names = labels(store, map(named, found)) if named is not None else {}
    if wish.json:
        show_lines(found)
    else:
        show(draw(found, names))
