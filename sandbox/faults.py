"""Faults: what may go wrong between a client and a platform, on request.

In: fault descriptions, by code or over ``/_sandbox/faults``. Out: whether this call (or webhook) is struck,
and by what. Invariant: the same seed and the same calls give the same faults.
"""

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from random import Random  # noqa: TID251 - the seeded generator is made here and handed on as an argument


class FaultKind(StrEnum):
    """The ways a call or a webhook can fail."""

    LATENCY = "latency"  # params: seconds; after (true: the request is applied first, then the answer waits)
    STATUS = "status"  # params: status, and whatever the vendor's refusal takes (policy, body, headers)
    DROP_BEFORE = "drop_before"  # the connection fails before the request is applied
    DROP_AFTER = "drop_after"  # the request is applied, then the answer is lost
    WEBHOOK_LOSE = "webhook_lose"
    WEBHOOK_DUPLICATE = "webhook_duplicate"  # params: copies (how many are sent in all, 2 unless told)
    WEBHOOK_REORDER = "webhook_reorder"  # params: window_seconds (how long events are held to be shuffled)
    WEBHOOK_DELAY = "webhook_delay"  # params: seconds


CALL_KINDS = (FaultKind.LATENCY, FaultKind.STATUS, FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER)


@dataclass(slots=True)
class Fault:
    """One fault: which calls it strikes, how often, and with what.

    ``path`` is a regular expression searched in the path (for webhooks: in the event's name). ``times``
    bounds how often it strikes (None: for ever); ``rate`` is the share of matching calls it strikes.
    """

    kind: FaultKind
    method: str | None = None
    path: str | None = None
    times: int | None = None
    rate: float = 1.0
    seed: int = 0
    params: Mapping[str, object] = field(default_factory=dict)
    id: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        self.kind = FaultKind(self.kind)
        if self.path is not None:
            re.compile(self.path)

    def number(self, name: str, default: float) -> float:
        """Give a numeric parameter."""
        value = self.params.get(name, default)
        return float(value) if isinstance(value, int | float | str) or hasattr(value, "__float__") else default

    def fits(self, method: str, path: str) -> bool:
        """Tell whether a call is of the sort this fault strikes."""
        if self.method is not None and self.method.upper() != method.upper():
            return False
        return self.path is None or re.search(self.path, path) is not None


class Faults:
    """The faults in force, and the one place that draws lots."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._ids = itertools.count(1)
        self._faults: dict[int, tuple[Fault, Random]] = {}
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force."""
        fault.id = next(self._ids)
        self._faults[fault.id] = (fault, Random(fault.seed))  # noqa: S311 - repeatable, not secret
        return fault

    @property
    def any(self) -> bool:
        """Tell whether there is one in force."""
        return bool(self._faults)

    def remove(self, fault_id: int) -> bool:
        """Lift one fault; tell whether it was there."""
        return self._faults.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Lift all faults."""
        self._faults.clear()

    def take(self, kind: FaultKind, method: str, path: str) -> Fault | None:
        """Give the fault of this kind that strikes this call, if any, and count the blow."""
        for fault, lots in self._faults.values():
            if fault.kind is not kind or not fault.fits(method, path):
                continue
            if fault.times is not None and fault.struck >= fault.times:
                continue
            if fault.rate < 1 and lots.random() >= fault.rate:
                continue
            fault.struck += 1
            return fault
        return None

    def lots(self, fault: Fault) -> Random:
        """Give the fault's own generator, for shuffles and jitter."""
        return self._faults[fault.id][1] if fault.id in self._faults else Random(fault.seed)  # noqa: S311

    def listing(self) -> list[dict[str, object]]:
        """Show the faults in force and how often each has struck."""
        return [asdict(fault) for fault, _ in self._faults.values()]
