"""Questions: the fewest lists that show what many commands may have made, by what they were named. Pure.

In: creates whose answers were lost. Out: lists to ask for, each with the commands it tells of. Invariant: an address
stays as short as one with forty ids; what cannot stand in a filter, or gains nothing by one, is asked for by itself.
Sources: Xero's specification (`InvoiceNumbers`, `where`), and facts B2 and B4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from schemas.command import Command
from schemas.names import Entity
from streams.platforms.xero.kinds import CONTACT, INVOICE, ITEM, PAGE_SIZE, Kind

FILTER = 1_480  # characters of an address: forty GUIDs with their commas stay within what Xero takes (facts B2)
MOST = 50  # of a list: what one request writes
_PLAIN = re.compile(r"[\w.:/#-]+", re.ASCII)  # neither ends a word of a filter nor is one


@dataclass(frozen=True, slots=True)
class Question:
    """One list, and the commands that it tells of."""

    kind: Kind
    query: dict[str, str]
    commands: tuple[Command, ...]


def questions(commands: Sequence[Command]) -> Iterator[Question]:
    """The lists that tell of these creates."""
    named = [each for each in commands if each.natural_key and _PLAIN.fullmatch(each.natural_key)]
    companies = [each for each in named if each.entity is Entity.COMPANY]
    invoices = [each for each in named if each.entity is Entity.INVOICE]
    products = [each for each in commands if each.entity is Entity.PRODUCT]
    paged = {"page": "1", "pageSize": str(PAGE_SIZE)}
    for kind, name, filtered, some in (
        (CONTACT, "where", _numbered, companies), (INVOICE, "InvoiceNumbers", ",".join, invoices),
    ):  # fmt: skip
        for part in _parts(some, filtered):
            keys = [each.natural_key or "" for each in part]
            yield Question(kind, {**dict(kind.query), **paged, name: filtered(keys)}, tuple(part))
    if len(products) > 1:
        yield Question(ITEM, dict(ITEM.query), tuple(products))  # the whole list: items have no filter by code


def _numbered(keys: Sequence[str]) -> str:
    return " OR ".join(f'ContactNumber=="{each}"' for each in keys)


def _parts(commands: Sequence[Command], filtered: Callable[[Sequence[str]], str]) -> Iterator[list[Command]]:
    """Commands whose filter is short enough; one that would be alone is looked up by its number."""
    parts: list[list[Command]] = [[]]
    for command in commands:
        keys = [each.natural_key or "" for each in (*parts[-1], command)]
        if len(keys) > MOST or len(quote(filtered(keys))) > FILTER:
            parts.append([])
        parts[-1].append(command)
    return (part for part in parts if len(part) > 1)
