"""The JSON Schemas of what travels on topics, generated from the models: `python -m schemas.published` writes them.

In: the models. Out: one file per record in `schemas/json/`; those of the public topics are a promise to subscribers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from schemas.change import Arrival
from schemas.fact import Finding
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
}


def schemas() -> dict[str, str]:
    """File name -> text of each schema, as readers of the topic see it."""
    return {f"{topic}.json": _text(topic, kind) for topic, kind in PUBLISHED.items()}


def write(folder: Path = FOLDER) -> list[Path]:
    """Write every schema; the files written."""
    folder.mkdir(exist_ok=True)
    written = [folder / name for name in schemas()]
    for path, text in zip(written, schemas().values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return written


def _text(topic: str, kind: Any) -> str:
    schema = TypeAdapter(kind).json_schema(mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"revmark/{topic}.json"}
    return json.dumps({**head, **schema}, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write()
