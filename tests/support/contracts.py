"""Contracts for tests: the shipped one, with changes."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from schemas.contract import Contract, parse_contract, template

__all__ = ["contract", "contract_text", "shipped"]


def contract_text(changes: dict[str, Any] | None = None) -> str:
    """The shipped contract's YAML with `changes` laid over it, mapping by mapping; a value of None removes the key."""
    return yaml.safe_dump(_laid_over(_base(), changes or {}))


def contract(changes: dict[str, Any] | None = None) -> Contract:
    """The shipped contract with `changes` laid over it; each such contract is read once, as it never changes."""
    known = repr(changes or {})
    if known not in _read:
        _read[known] = parse_contract(contract_text(changes), source="test")
    return _read[known]


def shipped() -> Contract:
    """The shipped contract."""
    return contract()


_read: dict[str, Contract] = {}


@cache
def _base() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(template())
    return found


def _laid_over(base: Any, changes: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _laid_over(result[key], value)
        else:
            result[key] = value
    return result
