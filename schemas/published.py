"""The JSON Schemas of what travels on topics, and of the contract: `python -m schemas.published` writes them.

In: the models. Out: one file per record in `schemas/json/`; those of the public topics are a promise to subscribers,
that of the contract is for editors.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from schemas.brake import BrakeState
from schemas.change import Arrival
from schemas.contract import Contract
from schemas.contract.mappings import PREFIX
from schemas.contract.sources import INCLUDE, OVERRIDES
from schemas.contract.states import OTHERWISE, STATES
from schemas.deed import Deed
from schemas.entities import ENTITIES
from schemas.fact import Finding
from schemas.names import Entity
from schemas.night import Night
from schemas.reading import ReadingState
from schemas.revenue import RevenueEvent
from schemas.totals import Total, Variance
from schemas.verdict import Verdict

FOLDER = Path(__file__).parent / "json"
# topic -> what its values are, by the names of `streams.topics`
PUBLISHED: dict[str, Any] = {
    "revenue": RevenueEvent,
    "totals": Total,
    "variances": Variance,
    "changes": Arrival,
    "facts": Finding,
    "decisions": Verdict,
    "brakes": BrakeState,
    "readings": ReadingState,
    "audit": Deed,
    "nights": Night,
}


def schemas() -> dict[str, str]:
    """File name -> text of each schema: of topics as their readers see them, of the contract as people write it."""
    told = {f"{topic}.json": _text(topic, kind) for topic, kind in PUBLISHED.items()}
    return told | {"contract.json": contract_schema()}


def contract_schema() -> str:
    """The contract's schema for editors; each entity's fields are offered by name."""
    schema = Contract.model_json_schema()
    clauses = schema["properties"]["entities"]
    clauses["properties"] = {
        entity.value: {"allOf": [{"$ref": "#/$defs/EntityClause"}], "properties": {"fields": _fields(entity)}}
        for entity in ENTITIES
    }
    texts = {"type": "array", "items": {"type": "string"}}
    schema["properties"] |= {
        INCLUDE: {"anyOf": [{"type": "string"}, texts], "description": "files to take in, relative to this one"},
        OVERRIDES: texts | {"description": "keys that this file says anew, as guards.currency_lock"},
    }
    # What a file that includes others leaves out may be in those.
    schema["if"], schema["then"] = {"not": {"required": [INCLUDE]}}, {"required": schema.pop("required")}
    return _printed("contract", schema)


def _fields(entity: Entity) -> dict[str, Any]:
    """The names of an entity's fields, and the states in which their owners may differ."""
    ours = {"enum": sorted(ENTITIES[entity].model_fields)}
    names: dict[str, Any] = {"propertyNames": {"anyOf": [ours, {"pattern": f"^{PREFIX}"}]}}
    if entity not in STATES:
        return names
    owner = {"propertyNames": {"enum": [*STATES[entity], OTHERWISE]}}
    return names | {"additionalProperties": {"properties": {"owner": owner}}}


def write(folder: Path = FOLDER) -> list[Path]:
    """Write every schema; the files written."""
    folder.mkdir(exist_ok=True)
    written = [folder / name for name in schemas()]
    for path, text in zip(written, schemas().values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return written


def _text(topic: str, kind: Any) -> str:
    return _printed(topic, TypeAdapter(kind).json_schema(mode="serialization"))


def _printed(name: str, schema: dict[str, Any]) -> str:
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"revmark/{name}.json"}
    return json.dumps({**head, **schema}, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write()
