"""What the broker says while it starts: sentences that also know how far they are.

A step is a plain string, so any callable that takes a string will do; one that draws a bar reads `fraction`.
"""

from collections.abc import Callable
from typing import Self

__all__ = ["Progress", "Step", "silent"]


class Step(str):
    """One sentence for a person, with the share of the present task that is done (0 to 1)."""

    __slots__ = ("fraction",)

    fraction: float

    def __new__(cls, text: str, fraction: float) -> Self:
        """Make a step from its sentence and the share done."""
        step = super().__new__(cls, text)
        step.fraction = min(max(fraction, 0.0), 1.0)
        return step


Progress = Callable[[Step], None]


def silent(_step: Step) -> None:
    """Take a step and say nothing."""
