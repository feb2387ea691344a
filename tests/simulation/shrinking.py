"""Shrinking: the shortest story that still goes wrong in the same way.

Flows in: a story and the names of the invariants it violates. Flows out: a shorter one that violates one of them.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.scenes import Story

TRIES = 200  # stories played at most


def shrink(story: Story, wrong: Callable[[Story], bool], tries: int = TRIES) -> Story:
    """Leave scenes out, many at once first, as long as the story stays `wrong`."""
    size = max(1, len(story.scenes) // 2)
    while size and tries > 0:
        place, shorter = 0, False
        while place < len(story.scenes) and tries > 0:
            candidate = story.without(set(range(place, place + size)))
            tries -= 1
            if candidate.scenes != story.scenes and wrong(candidate):
                story, shorter = candidate, True
            else:
                place += size
        if size == 1 and not shorter:
            break
        size = max(1, size // 2) if size > 1 else 1
    return story
