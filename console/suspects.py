"""The customers that the detector of duplicates compares, as the workers' table of accounts has them.

In: the rows of that table. Out: customers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from agents.rules.duplicates import Customer, customer
from schemas.names import Entity, Side

PARTS = 4  # of the key of a record's row: drawer, tenant, customer, record


def customers_of(rows: Mapping[str, Any], tenant: str) -> list[Customer]:
    """The customers of a tenant that are there on one side at least, with the addresses of their people."""
    people: defaultdict[str, set[str]] = defaultdict(set)
    companies: dict[str, Mapping[str, Any]] = {}
    for key, row in rows.items():
        parts = key.split("|")
        if len(parts) != PARTS or parts[:2] != ["r", tenant]:
            continue
        entity = parts[3].partition(":")[0]
        if entity == Entity.CONTACT.value:
            people[parts[2]] |= {str(side["fields"]["email"]) for side in _there(row) if side["fields"].get("email")}
        elif entity == Entity.COMPANY.value and _there(row):
            companies[parts[3]] = row
    return [_customer(record, row, people[record]) for record, row in sorted(companies.items())]


def _there(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The sides on which a record is present."""
    return [row[side.value] for side in Side if row[side.value]["ref"] and not row[side.value]["deleted"]]


def _customer(record: str, row: Mapping[str, Any], emails: Iterable[str]) -> Customer:
    there = [row[side.value] if row[side.value] in _there(row) else None for side in Side]
    crm, erp = (side["fields"] if side else None for side in there)
    refs = (there[0]["ref"] if there[0] else None, there[1]["ref"] if there[1] else None)
    return customer(record, crm, erp, refs=refs, emails=emails)
