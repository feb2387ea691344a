"""Naming: which record a row of a table is about, and what people call it. Only for finding records, never for judging.

In: a row of `tables.accounts` or `tables.known`, by its key. Out: the record, and its names folded for comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.names import Entity

NAMES = ("name", "number", "domain", "email", "sku")  # fields that name a record
PAYMENT = f"{Entity.PAYMENT.value}:"  # what the id of one begins with
ACCOUNT_PARTS, KNOWN_PARTS = 4, 4  # of a key: drawer, tenant, customer, record; drawer, tenant, sort, name


@dataclass(frozen=True, slots=True)
class Named:
    """The record, and its names as (record, name)."""

    record: str = ""
    names: tuple[tuple[str, str], ...] = ()


def of(table: str, key: str, value: Any) -> Named:
    """Read one row."""
    try:
        return _account(key, value) if table == "accounts" else _known(key, value)
    except (AttributeError, KeyError, TypeError):  # of another version: not found by name, and still kept
        return Named()


def folded(text: str) -> str:
    """A name as it is compared."""
    return " ".join(text.casefold().split())


def payment(fields: Mapping[str, Any]) -> str:
    """A payment has no name of its own: its amount and day say which it is; empty where it states no amount."""
    said = " ".join(str(fields[name]) for name in ("amount", "currency") if fields.get(name))
    return f"{said} on {fields['date']}" if said and fields.get("date") else said


def _account(key: str, value: Mapping[str, Any]) -> Named:
    drawer, _tenant, customer, *rest = key.split("|", ACCOUNT_PARTS - 1)
    if drawer != "r":
        return Named(customer if drawer == "c" else "")
    record = rest[0]
    found = []
    for side in (value["crm"], value["erp"]):
        found += _names(side["fields"])
        found += _ids(side.get("ref"))
    if record.startswith(PAYMENT):
        found.append(payment({**value["crm"]["fields"], **value["erp"]["fields"]}))
    return Named(record, _pairs(record, found))


def _known(key: str, value: Any) -> Named:
    drawer, _tenant, name, *rest = key.split("|", KNOWN_PARTS - 1)
    if drawer == "v":  # what a platform showed, and that may wait here
        found = [each for row in value.get("s", ()) for each in _names(row["fields"])]
        return Named(name, _pairs(name, [*found, *_ids(name)] if found else ()))
    if name == "r":
        return Named(value["id"])
    return Named(rest[0] if rest else "")


def _names(fields: Mapping[str, Any]) -> list[str]:
    return [str(fields[name]) for name in NAMES if fields.get(name)]


def _ids(reference: str | None) -> list[str]:
    return [reference.split("/", 2)[2]] if reference else []


def _pairs(record: str, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((record, name) for name in dict.fromkeys(map(folded, names)) if name)
