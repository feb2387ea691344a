"""Which window an event time falls into, when that window closes, and when it is forgotten: pure, in milliseconds."""

from dataclasses import dataclass
from datetime import timedelta

from streams.engine.errors import Misconfigured

__all__ = ["Tumbling"]

MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, init=False)
class Tumbling:
    """Windows of one size, side by side from the epoch on."""

    size: int
    retention: int
    grace: int
    ahead: int

    def __init__(
        self,
        size: int | timedelta,
        *,
        retention: int | timedelta,
        grace: int | timedelta = 0,
        ahead: int | timedelta = 0,
    ) -> None:
        """Define windows, in whole milliseconds or timedeltas.

        Args:
            size: of a window.
            retention: how long after its end, by the watermark, a window may still be restated; then it is deleted.
            grace: how long after its end, by the watermark, a window stays open for events out of order.
            ahead: how far past its Kafka timestamp a record may move the watermark.

        Raises:
            Misconfigured: such windows would hold nothing, or be deleted before they close.
        """
        for name, span in (("size", size), ("retention", retention), ("grace", grace), ("ahead", ahead)):
            object.__setattr__(self, name, _milliseconds(name, span))
        if self.size == 0:
            raise Misconfigured("A window of size 0 holds nothing; give milliseconds, or a timedelta.")
        if self.retention < self.grace:
            raise Misconfigured(
                f"A retention of {self.retention} ms is shorter than the grace of {self.grace} ms: windows would be "
                "deleted before they close. Give a longer retention."
            )

    def start(self, at: int) -> int:
        """Return where the window begins that a time falls into; it ends just before `start + size`."""
        return at - at % self.size

    def is_closed(self, start: int, watermark: int) -> bool:
        """Return whether the window that begins there has closed: an event for it is late."""
        return start + self.size + self.grace <= watermark

    def is_expired(self, start: int, watermark: int) -> bool:
        """Return whether the window that begins there is past its retention: an event for it is too late."""
        return start + self.size + self.retention <= watermark


def _milliseconds(name: str, span: int | timedelta) -> int:
    whole, rest = divmod(span, MILLISECOND) if isinstance(span, timedelta) else (span, MILLISECOND * 0)
    if whole < 0 or rest:
        raise Misconfigured(f"{name} is {span}; it is a whole number of milliseconds, and not below 0.")
    return whole
