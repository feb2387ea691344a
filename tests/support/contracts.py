"""Contracts for tests: the shipped one, with changes."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from schemas.contract import Contract, parse_contract, template

__all__ = ["contract", "contract_text", "shipped"]


def contract_text(changes: dict[str, Any] | None = None) -> str:
    """The shipped contract's YAML with `changes` laid over it, mapping by mapping; a value of None removes the key."""
    return yaml.safe_dump(_laid_over(yaml.safe_load(template()), changes or {}))


def contract(changes: dict[str, Any] | None = None) -> Contract:
    """The shipped contract with `changes` laid over it."""
    return parse_contract(contract_text(changes), source="test")


@cache
def shipped() -> Contract:
    """The shipped contract, read once."""
    return contract()


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
