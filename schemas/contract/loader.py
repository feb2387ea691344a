"""Reads a contract, and says precisely what is wrong with one that cannot be read."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ValidationError

from schemas.contract import sources
from schemas.contract.model import Contract, Pattern
from schemas.contract.sources import INCLUDE, OVERRIDES, Source, Where
from schemas.errors import ContractError
from schemas.names import Entity


def template(pattern: Pattern = "arbitrated") -> str:
    """The commented contract that a new deployment of this pattern begins with."""
    return (files("schemas.contract") / f"{pattern}.yaml").read_text(encoding="utf-8")


def load_contract(path: Path) -> Contract:
    """Read the contract at `path`, with the files that it includes.

    Raises:
        ContractError: there is none, or it cannot be used; the message names place, key and the nearest known one.
    """
    return located(path)[0]


def located(path: Path) -> tuple[Contract, Source]:
    """The contract at `path`, and where each of its keys stands.

    Raises:
        ContractError: as for `load_contract`.
    """
    source = sources.read(path)
    return _contract(source, str(path)), source


def parse_contract(text: str, *, source: str = "contract") -> Contract:
    """Parse a contract's text.

    Raises:
        ContractError: as for `load_contract`.
    """
    return _contract(sources.parse(text, source), source)


def _contract(source: Source, name: str) -> Contract:
    try:
        contract = Contract.model_validate(source.data)
        ZoneInfo(contract.timezone)
    except ValidationError as error:
        found = "\n".join(f"  {each}" for each in _explained(error, source))
        raise ContractError(
            f"{name} cannot be used:\n{found}\nMend it, then run: revmark contract lint --file {name}"
        ) from error
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: the zone is a folder of zones
        place, zone = source.place(("timezone",)), source.data.get("timezone")
        raise ContractError(f"{place}: timezone {zone!r} is no IANA zone, as Europe/Berlin") from error
    return contract


def _explained(error: ValidationError, source: Source) -> list[str]:
    """Each fault with its place. Where a value may be of several kinds, the faults of one path are told together."""
    faults: dict[Where, list[str]] = {}
    for item in error.errors():
        where, said = _explain(item, source.data)
        if said not in faults.setdefault(where, []):
            faults[where].append(said)
    deepest = {path for path in faults if not any(other[: len(path)] == path != other for other in faults)}
    return [
        f"{source.place(path) or ''}: {'.'.join(path)}: {' or: '.join(faults[path])}".removeprefix(": ")
        for path in faults
        if path in deepest
    ]


def _explain(item: Any, data: Any) -> tuple[Where, str]:
    missing = item["type"] == "missing"
    where = _said(item["loc"], data, missing=missing)
    if item["type"] == "extra_forbidden":
        return where, f"unknown key {where[-1]!r}{_nearest(list(where))}"
    if item["type"] == "enum" and item["loc"][-1] == "[key]" and where[0] in {"entities", "required"}:
        near = difflib.get_close_matches(where[1], [entity.value for entity in Entity], n=1)
        return where, f"unknown entity {where[1]!r}" + (f": did you mean {near[0]!r}?" if near else "")
    return where, item["msg"].removeprefix("Value error, ")


def _said(loc: Sequence[str | int], data: Any, *, missing: bool) -> Where:
    """The part of a fault's path that people wrote: where a value may be of several kinds, the kinds are left out."""
    where: list[str] = []
    for part in loc:
        inside = part in data if isinstance(data, dict) else isinstance(data, list) and isinstance(part, int)
        if inside:
            data = data[part]
            where.append(str(part))
        elif missing and part == loc[-1]:
            where.append(str(part))
    return tuple(where)


def _nearest(where: list[str]) -> str:
    known = _known_keys(where[:-1])
    near = difflib.get_close_matches(where[-1], known, n=1, cutoff=0.5)
    if near:
        return f": did you mean {near[0]!r}?"
    return f": known here are {', '.join(sorted(known))}" if known else ""


def _known_keys(path: list[str]) -> list[str]:
    """The keys that the model knows at `path`; a mapping's own keys and a list's places are stepped over."""
    model: Any = Contract
    for part in path:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(part)
            model = field.annotation if field else None
        else:
            arguments = [each for each in get_args(model) if each is not ...]
            model = arguments[-1] if arguments else None
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [*model.model_fields, *((INCLUDE, OVERRIDES) if model is Contract else ())]
    return []
