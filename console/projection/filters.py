"""What a person may ask for, and how each wish finds rows.

Every list takes the same filters; a table that has no column for one refuses it, and says which it has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date

from schemas.errors import SettingsError

_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")

# table -> filter -> columns that it is compared with; a record may be named in several ways.
_MATCHES: dict[str, dict[str, tuple[str, ...]]] = {
    "decisions": {
        "record": ("record", "label", "command", "key"),
        "customer": ("customer",),
        "state": ("ruling",),
        "type": ("entity",),
        "day": ("at",),
    },
    "ledger": {
        "record": ("record", "ref", "command", "key"),
        "customer": ("customer",),
        "state": ("state",),
        "type": ("entity",),
        "day": ("at",),
    },
    "totals": {"day": ("day",), "currency": ("currency",), "type": ("side",)},
    "variances": {
        "record": ("document", "number", "key"),
        "state": ("state",),
        "type": ("kind",),
        "day": ("day",),
        "currency": ("currency",),
    },
    "events": {
        "record": ("document", "number", "key"),
        "customer": ("customer", "customer_name"),
        "type": ("type",),
        "day": ("day",),
        "currency": ("currency",),
    },
    "quarantine": {
        "record": ("key", "about"),
        "state": ("coalesce((SELECT state FROM settlements WHERE settlements.key = quarantine.key), 'held')",),
        "type": ("topic",),
        "day": ("at",),
    },
    "brakes": {"state": ("state",), "type": ("entity",), "day": ("at",)},
    "readings": {"state": ("state",), "type": ("what",), "day": ("at",)},
    "signatures": {"day": ("night",)},
    "nights": {"day": ("night",)},
    "deeds": {"state": ("state",), "type": ("what",), "day": ("at",)},
}


@dataclass(frozen=True, slots=True)
class Filters:
    """The wishes of one command or request; None does not filter."""

    record: str | None = None
    customer: str | None = None
    state: str | None = None
    type: str | None = None
    day: str | None = None
    currency: str | None = None

    def where(self, table: str) -> tuple[str, list[str]]:
        """The condition for `table` and its values.

        Raises:
            SettingsError: the table has nothing to compare a filter with, or a day is none.
        """
        conditions, values = ["1"], []
        for spot in fields(self):
            wanted = getattr(self, spot.name)
            if wanted is None:
                continue
            columns = _MATCHES[table].get(spot.name)
            if columns is None:
                known = ", ".join(f"--{name}" for name in _MATCHES[table])
                raise SettingsError(f"{table} cannot be filtered by --{spot.name}; use {known}", code="usage")
            condition, needed = _condition(spot.name, columns, wanted)
            conditions.append(condition)
            values += needed
        return " AND ".join(conditions), values


def _condition(name: str, columns: tuple[str, ...], wanted: str) -> tuple[str, list[str]]:
    if name == "day":
        return f"{columns[0]} LIKE ?", [beginning(wanted)]
    if name == "record":
        tests = [f"{column} = ? COLLATE NOCASE" for column in columns]
        labelled = f"{columns[0]} IN (SELECT id FROM labels WHERE label = ? COLLATE NOCASE)"  # noqa: S608 - a column name of ours
        return f"({' OR '.join([*tests, labelled])})", [wanted] * (len(columns) + 1)
    if name == "customer":
        pattern = "%" + re.sub(r"([%_\\])", r"\\\1", wanted) + "%"
        named = r"customer IN (SELECT id FROM labels WHERE label LIKE ? ESCAPE '\')"
        return f"(customer = ? OR {named})", [wanted, pattern]
    return f"{columns[0]} = ? COLLATE NOCASE", [wanted]


def beginning(day: str) -> str:
    """What times of a day, or of a month, are like.

    Raises:
        SettingsError: the calendar has no such day.
    """
    try:
        written = day if _DAY.fullmatch(day) else ""
        date.fromisoformat(f"{written}-01"[: len("YYYY-MM-DD")])
    except ValueError as error:
        said = f"--day takes a day as YYYY-MM-DD or a month as YYYY-MM, not {day!r}"
        raise SettingsError(
            f"{said}. Nothing was read. Next: the same with --day 2026-11-20, or --day 2026-11 for its month",
            code="usage",
        ) from error
    return f"{day}%"
