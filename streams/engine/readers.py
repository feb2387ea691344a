"""Who reads which topic: one that is read as batches has one agent."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from streams.engine.errors import Misconfigured

__all__ = ["Readers"]


class Readers:
    """The agents of an app, by topic."""

    def __init__(self) -> None:
        self._all: defaultdict[str, list[str]] = defaultdict(list)
        self._of_batches: set[str] = set()

    def claim(self, channel: Any, reader: str, *, batches: bool) -> None:
        """Note that an agent reads a channel, or the topic of that name.

        Raises:
            Misconfigured: it would share a topic that is read as batches.
        """
        names = [channel] if isinstance(channel, str) else list(getattr(channel, "topics", ()))
        for name in names:
            others = self._all[name]
            if others and (batches or name in self._of_batches):
                raise Misconfigured(
                    f"A topic read as batches has one agent; {name} is read by {others[0]} and {reader}."
                )
            others.append(reader)
            if batches:
                self._of_batches.add(name)

    def __contains__(self, topic: str) -> bool:
        """Return whether a topic is read as batches."""
        return topic in self._of_batches

    def __iter__(self) -> Iterator[str]:
        """Iterate over the topics that are read as batches."""
        return iter(sorted(self._of_batches))
