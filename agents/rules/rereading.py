"""Rereading: which records have to be read again so that a difference is judged anew.

In: a discrepancy. Out: kinds and ids by platform. Invariant: the ERP comes first: its values are what will be written.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.audit import Discrepancy
from schemas.names import Platform

Wanted = Mapping[Platform, Mapping[str, list[str]]]  # kind -> ids
PLATFORMS: tuple[Platform, ...] = ("xero", "hubspot")


def wanted(discrepancy: Discrepancy) -> Wanted:
    """The records behind a discrepancy."""
    found: dict[Platform, dict[str, list[str]]] = {}
    for name in PLATFORMS:
        for shown in (discrepancy.erp, *discrepancy.causes, discrepancy.crm):
            platform, kind, record = shown.ref.split("/", 2) if shown is not None else ("", "", "")
            if platform == name and record not in found.setdefault(name, {}).setdefault(kind, []):
                found[name][kind].append(record)
    return found
