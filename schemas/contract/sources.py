"""Sources: the YAML files of a contract as one mapping, and where each of its keys stands.

In: a file, or a text. Out: plain data and places. Invariants: a key is said once, in one file, unless `overrides` names
it; a file is taken in once, however often it is included; what is wrong is told with file, line and column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from schemas.errors import ContractError

INCLUDE, OVERRIDES = "include", "overrides"
JOINED = {("examples",), ("guards", "own")}  # lists that files add to; every other list is a value like any other
MERGE_KEY = "tag:yaml.org,2002:merge"  # `<<`: YAML's own
MOST_NODES = 100_000  # a contract has some hundreds; aliases of aliases make millions out of a few lines
Where = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: file, line and column, both counted from one."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(slots=True)
class Source:
    """The data of one or more files, and the places of its keys by their path."""

    data: dict[str, Any]
    places: dict[Where, Place]

    def place(self, where: Iterable[str | int]) -> Place | None:
        """Where a path stands, or else the nearest part of it that stands anywhere."""
        path = tuple(str(part) for part in where)
        known = (path[:end] for end in range(len(path), -1, -1))
        return next((self.places[each] for each in known if each in self.places), None)


def read(path: Path) -> Source:
    """Read a contract's file and everything that it includes.

    Raises:
        ContractError: a file cannot be read or is no YAML mapping, files include each other in a circle, or two say
            the same key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(
            f"no contract at {path} ({_why(error)}). Nothing was sent or written. Next: `revmark init` writes one, "
            "REVMARK_CONTRACT says where it is"
        ) from error
    return _Reading().take(text, str(path), path)


def parse(text: str, name: str) -> Source:
    """Read a contract's text, which has no folder to include from.

    Raises:
        ContractError: as for `read`.
    """
    return _Reading().take(text, name, None)


@dataclass(slots=True)
class _Reading:
    """One reading: the files that are being read, from the first to the innermost, and those that were."""

    chain: list[Path] = field(default_factory=list)
    taken: set[Path] = field(default_factory=set)

    def take(self, text: str, name: str, path: Path | None) -> Source:
        own = _loaded(text, name)
        here = path.resolve() if path else None
        if here:
            self.chain.append(here)
            self.taken.add(here)
        overrides, used = _texts(own, OVERRIDES), set[str]()
        whole = Source({}, {})
        for number, included in enumerate(_texts(own, INCLUDE)):
            added = self._included(own.place((INCLUDE, number)), included, path)
            if added is not None:
                used |= _laid_over(whole, added, set(overrides), name)
        own.data = {key: value for key, value in own.data.items() if key not in {INCLUDE, OVERRIDES}}
        used |= _laid_over(whole, own, set(overrides), name)
        for number, idle in enumerate(overrides):
            if idle not in used:
                place = own.place((OVERRIDES, number))
                raise ContractError(f"{place}: {idle!r} overrides nothing: no two of its files say it. Remove it")
        if here:
            self.chain.pop()
        return whole

    def _included(self, at: Place | None, name: str, path: Path | None) -> Source | None:
        if path is None:
            raise ContractError(f"{at}: {name!r} cannot be included: this text is in no folder")
        found = path.parent / name
        target = found.resolve()
        if target in self.chain:
            circle = " -> ".join(each.name for each in [*self.chain[self.chain.index(target) :], target])
            raise ContractError(f"{at}: files include each other in a circle: {circle}")
        if target in self.taken:
            return None
        try:
            text = found.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ContractError(
                f"{at}: {found} cannot be included ({_why(error)}): paths are relative to the including file"
            ) from error
        return self.take(text, str(found), found)


def _why(error: OSError | UnicodeDecodeError) -> str:
    return "it is no UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)


def _loaded(text: str, name: str) -> Source:
    """One file's mapping with its places."""
    try:
        loader = yaml.SafeLoader(text)
        loader.name = name
        node = loader.get_single_node()
        places = _places(node, name)
        data = loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        raise ContractError(f"{name} is no YAML: {error}") from error
    if not isinstance(data, dict):
        raise ContractError(
            f"{name} holds no mapping. Nothing was sent or written. Next: `revmark init` writes a contract"
        )
    return Source(data, places)


def _places(root: yaml.Node | None, name: str) -> dict[Where, Place]:
    """The place of every key and of every entry of a list.

    Raises:
        ContractError: a mapping says a key twice, an alias holds itself, or aliases make more of it than fits.
    """
    found: dict[Where, Place] = {}
    waiting: list[tuple[Where, yaml.Node | None, tuple[int, ...]]] = [((), root, ())]
    while waiting:
        where, node, around = waiting.pop()
        if id(node) in around:
            raise ContractError(f"{_at(node, name)}: an alias that holds itself")
        if len(found) > MOST_NODES:
            raise ContractError(f"{name} holds more than {MOST_NODES} values: are there aliases of aliases?")
        inside = (*around, id(node))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                path = (*where, str(key.value))
                if path in found and key.tag != MERGE_KEY:
                    raise ContractError(f"{_at(key, name)}: {key.value!r} is said twice, first in {found[path]}")
                found[path] = _at(key, name)
                waiting.append((path, value, inside))
        elif isinstance(node, yaml.SequenceNode):
            for number, value in enumerate(node.value):
                path = (*where, str(number))
                found[path] = _at(value, name)
                waiting.append((path, value, inside))
    return found


def _at(node: yaml.Node | None, name: str) -> Place:
    mark = node.start_mark if node is not None else None
    return Place(name, mark.line + 1, mark.column + 1) if mark else Place(name, 1, 1)


def _texts(source: Source, key: str) -> Sequence[str]:
    """The value of `include` or `overrides`: a text, or a list of texts."""
    value = source.data.get(key, [])
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(each, str) and each for each in found):
        raise ContractError(f"{source.place((key,))}: {key!r} is a text or a list of texts")
    return found


def _laid_over(base: Source, added: Source, overrides: set[str], name: str) -> set[str]:
    """Take `added` into `base`; the overrides that were needed.

    Raises:
        ContractError: both say a key that `overrides` does not name.
    """
    used: set[str] = set()

    def lay(into: dict[str, Any], more: dict[str, Any], around: Where) -> None:
        for key, value in more.items():
            where = (*around, str(key))
            path = ".".join(where)
            if key not in into:
                into[key] = value
                _move(base, added, where)
            elif path in overrides:
                used.add(path)
                into[key] = value
                for old in [each for each in base.places if each[: len(where)] == where]:
                    del base.places[old]
                _move(base, added, where)
            elif isinstance(into[key], dict) and isinstance(value, dict):
                lay(into[key], value, where)
            elif where in JOINED and isinstance(into[key], list) and isinstance(value, list):
                _move(base, added, where, offset=len(into[key]))
                into[key] = [*into[key], *value]
            else:
                raise ContractError(
                    f"{added.place(where)}: {path!r} is said in {base.place(where)} already: say it once, "
                    f"or name it under overrides in {name}"
                )

    lay(base.data, added.data, ())
    return used


def _move(base: Source, added: Source, where: Where, *, offset: int = 0) -> None:
    """Take over the places of a path and of all below it; entries of a joined list come after those that are there."""
    for path, place in added.places.items():
        if path[: len(where)] != where:
            continue
        rest = path[len(where) :]
        if offset and rest:
            rest = (str(int(rest[0]) + offset), *rest[1:])
        base.places.setdefault((*where, *rest), place)
