"""Reads a contract, and says precisely what is wrong with one that cannot be read."""

from __future__ import annotations

import difflib
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ValidationError

from schemas.contract.model import Contract, Pattern
from schemas.errors import ContractError
from schemas.names import Entity


def template(pattern: Pattern = "arbitrated") -> str:
    """The commented contract that a new deployment of this pattern begins with."""
    return (files("schemas.contract") / f"{pattern}.yaml").read_text(encoding="utf-8")


def load_contract(path: Path) -> Contract:
    """Read the contract at `path`.

    Raises:
        ContractError: there is none, or it cannot be used; the message names the key and the nearest known one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ContractError(f"no contract at {path} ({reason}): write one with `revmark init`") from error
    return parse_contract(text, source=str(path))


def parse_contract(text: str, *, source: str = "contract") -> Contract:
    """Parse a contract's text.

    Raises:
        ContractError: as for `load_contract`.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ContractError(f"{source} is no YAML: {error}") from error
    if not isinstance(data, dict):
        raise ContractError(f"{source} holds no mapping: write one with `revmark init`")
    try:
        contract = Contract.model_validate(data)
        ZoneInfo(contract.timezone)
    except ValidationError as error:
        found = "\n".join(f"  {_explain(item)}" for item in error.errors())
        raise ContractError(f"{source} cannot be used:\n{found}\nMend it, then run: revmark contract lint") from error
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: the zone is a folder of zones
        raise ContractError(f"{source}: timezone {data.get('timezone')!r} is no IANA zone, as Europe/Berlin") from error
    return contract


def _explain(item: Any) -> str:
    where = [str(part) for part in item["loc"] if part != "[key]"]
    path = ".".join(where)
    if item["type"] == "extra_forbidden":
        return f"{path}: unknown key {where[-1]!r}{_nearest(where)}"
    if item["type"] == "enum" and item["loc"][-1] == "[key]" and where[0] in {"entities", "required"}:
        near = difflib.get_close_matches(where[1], [entity.value for entity in Entity], n=1)
        return f"{path}: unknown entity {where[1]!r}" + (f": did you mean {near[0]!r}?" if near else "")
    return f"{path}: {item['msg'].removeprefix('Value error, ')}"


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
        return list(model.model_fields)
    return []
