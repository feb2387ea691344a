"""Promises: what subscribers of the public topics were told, against what they would be told now.

In: two JSON Schemas of one topic, as they were released and as they are. Out: what would break a reader of the older
one. `python -m schemas.promises` takes the present ones for released; that is part of a release.
Invariant: whatever the newer schema lets out, a reader of the older one can take, keys that it does not know apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from schemas.published import FOLDER, schemas

RELEASED = FOLDER / "released"
PUBLIC = ("revenue", "totals", "variances")
OPEN = {"revenue: type", "variances: kind"}  # what readers were told may get new values: they pass over those
EQUAL = ("pattern", "format", "const")  # what has to be said as it was
Json = dict[str, Any]


def broken() -> list[str]:
    """What the present schemas break of the released ones."""
    now = schemas()
    return [
        each
        for topic in PUBLIC
        for each in breaks(
            json.loads((RELEASED / f"{topic}.json").read_text(encoding="utf-8")),
            json.loads(now[f"{topic}.json"]),
            topic,
        )
    ]


def breaks(old: Json, new: Json, topic: str) -> list[str]:
    """What a reader of the old schema could not take of what the new one describes."""
    return list(_breaks(_Pair(old.get("$defs", {}), new.get("$defs", {})), old, new, f"{topic}: "))


class _Pair(NamedTuple):
    """The definitions that references of both documents lead to."""

    old: Json
    new: Json


def _breaks(pair: _Pair, old: Json, new: Json, at: str) -> Iterator[str]:
    old, new = _resolved(pair.old, old), _resolved(pair.new, new)
    name = at.rstrip(".")
    if "anyOf" in old or "anyOf" in new:
        yield from _choices(pair, old, new, name)
    elif "type" in old and new.get("type") != old["type"]:
        yield f"{name} was {_said(old)} and would be {_said(new)}"
    else:
        yield from _values(old, new, name)
        yield from _properties(pair, old, new, at)
        yield from _inner(pair, old, new, at)


def _choices(pair: _Pair, old: Json, new: Json, name: str) -> Iterator[str]:
    former = old.get("anyOf", [old])
    for choice in new.get("anyOf", [new]):
        if all(list(_breaks(pair, each, choice, name)) for each in former):
            yield f"{name} may be {_said(_resolved(pair.new, choice))}, which it never was"


def _values(old: Json, new: Json, name: str) -> Iterator[str]:
    if "enum" in old and name not in OPEN:
        added = [value for value in new.get("enum", ["anything"]) if value not in old["enum"]]
        yield from (f"{name} would also be {value!r}" for value in added)
    for word in EQUAL:
        if word in old and new.get(word) != old[word]:
            yield f"{name}: its {word} was {old[word]!r} and would be {new.get(word)!r}"


def _properties(pair: _Pair, old: Json, new: Json, at: str) -> Iterator[str]:
    for name, shown in old.get("properties", {}).items():
        there = new.get("properties", {}).get(name)
        if there is None:
            yield f"{at}{name} would be gone"
            continue
        if name in old.get("required", ()) and name not in new.get("required", ()):
            yield f"{at}{name} was always there and might be missing"
        yield from _breaks(pair, shown, there, f"{at}{name}.")


def _inner(pair: _Pair, old: Json, new: Json, at: str) -> Iterator[str]:
    for word in ("items", "additionalProperties"):
        if isinstance(old.get(word), dict):
            if isinstance(new.get(word), dict):
                yield from _breaks(pair, old[word], new[word], f"{at}{word}.")
            else:
                yield f"{at}{word} would be anything"


def _resolved(definitions: Json, shown: Json) -> Json:
    while "$ref" in shown:
        shown = definitions[shown["$ref"].rsplit("/", 1)[1]]
    return shown


def _said(shown: Json) -> str:
    return str(shown.get("type") or shown.get("enum") or shown.get("const") or "anything")


def release(folder: Path = RELEASED) -> list[Path]:
    """Take the present schemas for promised; the files written."""
    folder.mkdir(exist_ok=True)
    now = schemas()
    written = [folder / f"{topic}.json" for topic in PUBLIC]
    for path in written:
        path.write_text(now[path.name], encoding="utf-8")
    return written


if __name__ == "__main__":
    release()
