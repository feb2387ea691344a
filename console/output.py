"""What is printed: sheets (tables) for people, JSON for programs, notes on standard error.

On a terminal a sheet is drawn with colours (unless NO_COLOR is set); elsewhere it is aligned plain text. Names come
from platforms and are never trusted: control characters and bidirectional overrides do not reach the terminal, and
nothing in them is read as markup.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.errors import Refused
from schemas.money import minor_digits, plain

_GONE = {"Cc", "Cf", "Cs", "Co", "Cn"}  # Unicode categories that draw nothing or that steer a terminal


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with a style of rich's ('red', 'dim', ...)."""

    text: str
    style: str = ""


@dataclass(slots=True)
class Sheet:
    """A table to print. A heading that ends in '>' is aligned right; one that ends in '*' may wrap."""

    headings: tuple[str, ...]
    rows: list[tuple[Cell | str | None, ...]] = field(default_factory=list)
    title: str = ""
    empty: str = "nothing found"

    def add(self, *cells: Cell | str | None) -> None:
        """Add a row."""
        self.rows.append(cells)


def out() -> Console:
    """Standard output, as it is now."""
    return Console(highlight=False, markup=False, emoji=False)


def note(text: str, style: str = "dim") -> None:
    """Say something on standard error, out of the way of what is piped on."""
    Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True).print(Text(clean(text), style))


def clean(text: str) -> str:
    """The text without characters that steer a terminal; line ends stay."""
    return "".join(mark for mark in text if mark in "\n\t" or unicodedata.category(mark) not in _GONE)


def say(text: str, style: str = "") -> None:
    """Print a line."""
    out().print(Text(clean(text), style), soft_wrap=True)


def show(sheet: Sheet) -> None:
    """Print a sheet."""
    console = out()
    if not sheet.rows:
        note(sheet.empty)
        return
    if sheet.title:
        say(sheet.title, "bold")
    if console.is_terminal:
        console.print(_drawn(sheet))
    else:
        sys.stdout.write("".join(f"{line}\n" for line in _aligned(sheet)))


def write_file(path: Path, text: str, refusal: Callable[[str], Refused]) -> None:
    """Write a report, its line ends as they are; `refusal` words why it cannot be.

    Raises:
        Refused: the file cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise refusal(error.strerror or str(error)) from error
    note(f"written to {path}")


def show_json(record: Any) -> None:
    """Print one JSON document on one line."""
    sys.stdout.write(as_json(record) + "\n")


def show_lines(records: Iterable[Any]) -> None:
    """Print one JSON object a line."""
    for record in records:
        show_json(record)


def as_json(record: Any) -> str:
    """A record as one line of JSON; amounts are decimal strings."""
    if isinstance(record, BaseModel):
        return record.model_dump_json()
    return orjson.dumps(record, default=_json).decode()


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(type(value).__name__)


def moment(instant: datetime | None) -> str:
    """A time for people: UTC, to the second."""
    return "" if instant is None else instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def value_text(value: Any) -> str:
    """A field's value for people, on one line."""
    if value is None:
        return "-"
    if isinstance(value, dict):
        return ", ".join(str(part) for part in value.values() if part not in {None, ""}) or "-"
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=_json).decode()


def money_text(amount: Decimal | None, currency: str = "") -> str:
    """An amount for people: thousands are set apart, no digit is lost, and nothing has its currency's digits."""
    if amount is None:
        return "-"
    digits, exponent = minor_digits(currency) if currency else 0, amount.as_tuple().exponent
    return f"{amount:,.{digits}f}" if isinstance(exponent, int) and -exponent <= digits else f"{amount:,f}"


def _parts(heading: str) -> tuple[str, bool, bool]:
    return heading.rstrip(">*"), heading.endswith(">"), heading.endswith("*")


def _cell(cell: Cell | str | None) -> Cell:
    found = cell if isinstance(cell, Cell) else Cell(cell or "")
    return Cell(clean(found.text).replace("\n", " ").replace("\t", " "), found.style)


def _drawn(sheet: Sheet) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for heading in sheet.headings:
        name, right, wraps = _parts(heading)
        table.add_column(name, justify="right" if right else "left", overflow="fold", no_wrap=right and not wraps)
    for row in sheet.rows:
        table.add_row(*(Text(each.text, each.style) for each in map(_cell, row)))
    return table


def _aligned(sheet: Sheet) -> Iterable[str]:
    parts = [_parts(heading) for heading in sheet.headings]
    rows = [[_cell(cell).text for cell in row] for row in sheet.rows]
    lines = [[name for name, _, _ in parts], *rows]
    widths = [max(cell_len(line[i]) for line in lines) for i in range(len(parts))]
    for line in lines:
        cells = [
            " " * (width - cell_len(text)) + text if right else text + " " * (width - cell_len(text))
            for text, width, (_, right, _) in zip(line, widths, parts, strict=True)
        ]
        yield "  ".join(cells).rstrip()
