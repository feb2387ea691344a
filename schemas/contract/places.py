"""Where a contract says something: the line of each key, so that a person can be shown the very line.

In: a contract's text. Out: lines by dotted path, as `entities.company.fields.name` or `guards.own.0`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

DEEPEST = 12  # keys in each other: a contract has seven, and an alias that holds itself has no end


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the file, counted from 1, and its text. Not `written`: it is a key above, and the default holds."""

    line: int
    text: str
    written: bool = True


class Places:
    """The places of one contract's text."""

    def __init__(self, text: str) -> None:
        """Read the text; one that is no YAML has no places."""
        self._source = text.splitlines()
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError:
            root = None
        self._lines: dict[str, int] = dict(_walk(root, ())) if root is not None else {}

    def find(self, path: str) -> Place | None:
        """Where `path` is said, or the nearest key above it that is there; None: nothing of it is."""
        parts = path.split(".")
        for end in range(len(parts), 0, -1):
            line = self._lines.get(".".join(parts[:end]))
            if line is not None:
                return Place(line, self._source[line - 1].strip(), written=end == len(parts))
        return None


def _walk(node: yaml.Node, path: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    if len(path) > DEEPEST:
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            yield ".".join(here), key.start_mark.line + 1
            yield from _walk(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            here = (*path, str(number))
            yield ".".join(here), value.start_mark.line + 1
            yield from _walk(value, here)
