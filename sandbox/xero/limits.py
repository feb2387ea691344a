"""Xero's four limits, by the injected clock.

Facts: 60 a minute and 5 in flight for app x tenant, 5,000 a day (1,000 on the starter tier), 10,000 a
minute for the app [SPEC limits]; remaining counts on every reply; a 429 has an empty body and no content
type, names its problem, and says ``Retry-After`` for minute and day but not for concurrent [REC].
The minute is a window that opens with the first call and closes 60 seconds later [K]; so is the day.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(slots=True)
class Window:
    """A count that starts anew when its span is over."""

    limit: int
    span: timedelta
    opened: datetime | None = None
    used: int = 0

    def left(self, now: datetime) -> int:
        """Calls that may still be made."""
        if self.opened is None or now - self.opened >= self.span:
            return self.limit
        return self.limit - self.used

    def take(self, now: datetime) -> None:
        """Count a call."""
        if self.opened is None or now - self.opened >= self.span:
            self.opened, self.used = now, 0
        self.used += 1

    def wait(self, now: datetime) -> int:
        """Whole seconds until the window closes, at least one."""
        if self.opened is None:
            return 1
        return max(1, -int((now - self.opened - self.span).total_seconds() // 1))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A 429."""

    problem: str
    retry_after: int | None


class Limits:
    """The limits of one app on one tenant; the app window may be shared between tenants."""

    def __init__(self, *, minute: int, day: int, concurrent: int, app: Window) -> None:
        self.minute = Window(minute, MINUTE)
        self.day = Window(day, DAY)
        self.app = app
        self.concurrent = concurrent
        self.in_flight = 0

    def enter(self, now: datetime) -> Refusal | None:
        """Count a call in, or refuse it; a refused call counts against nothing [K]."""
        if self.in_flight >= self.concurrent:
            return Refusal("concurrent", None)
        for problem, window in (("day", self.day), ("minute", self.minute), ("appminute", self.app)):
            if window.left(now) <= 0:
                return Refusal(problem, window.wait(now))
        for window in (self.day, self.minute, self.app):
            window.take(now)
        self.in_flight += 1
        return None

    def leave(self) -> None:
        """The reply is on its way."""
        self.in_flight -= 1

    def headers(self, now: datetime) -> dict[str, str]:
        """What every reply says."""
        return {
            "X-DayLimit-Remaining": str(max(0, self.day.left(now))),
            "X-MinLimit-Remaining": str(max(0, self.minute.left(now))),
            "X-AppMinLimit-Remaining": str(max(0, self.app.left(now))),
        }
