"""HubSpot's limits.

In: calls, by sort and by token. Out: the rate headers, or a 429 with its body. Sources: usage guidelines; the
figures are those of a Professional account. Invariant: a refused call uses nothing up; search replies carry
no rate headers.
"""

import uuid
from collections import deque
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from starlette.responses import Response

from sandbox.clock import Clock
from sandbox.wire import RawHeaders, Reply, raw

BURST_SECONDS = 10
BURST = 190  # calls in ten seconds, per app
OAUTH_BURST = 110  # the same for an app from the marketplace, per installing account
ASSOCIATION_BURST = 150  # the same for calls about associations
SEARCH_SECOND = 5  # searches a second, per account
JOURNAL_SECOND = 100  # calls of the webhooks journal a second, per app; no other limit counts them


class Bucket(StrEnum):
    """The sorts of call HubSpot counts apart."""

    GENERAL = "general"
    ASSOCIATIONS = "associations"
    SEARCH = "search"
    JOURNAL = "journal"
    FREE = "free"  # token calls


MESSAGES = {
    "DAILY": "You have reached your daily limit.",
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
}


def refusal(policy: str, headers: dict[str, str] | None = None) -> Response:
    """Give HubSpot's 429."""
    body = {
        "status": "error",
        "message": MESSAGES[policy],
        "errorType": "RATE_LIMIT",
        "correlationId": str(uuid.uuid4()),
        "policyName": policy,
        "requestId": str(uuid.uuid4()),
    }
    return Reply(body, status_code=429, headers=headers)


class Window:
    """A rolling window over the last calls."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self._length = timedelta(seconds=seconds)
        self._calls: deque[datetime] = deque()

    def left(self, now: datetime) -> int:
        """Tell how many calls fit now."""
        while self._calls and self._calls[0] <= now - self._length:
            self._calls.popleft()
        return self.limit - len(self._calls)

    def take(self, now: datetime) -> None:
        """Count a call."""
        self._calls.append(now)


def _second(window: Window, now: datetime) -> Response | None:
    """Count a call of a limit by the second, or refuse it."""
    if window.left(now) <= 0:
        return refusal("SECONDLY")
    window.take(now)
    return None


class Quota:
    """What a portal's apps may still ask for."""

    def __init__(
        self, clock: Clock, burst_limit: int, day_limit: int, zone: str, search_limit: int = SEARCH_SECOND
    ) -> None:  # fmt: skip
        self._clock = clock
        self._zone = ZoneInfo(zone)
        self.day_limit = day_limit
        self.burst_limit = burst_limit
        oauth = max(burst_limit * OAUTH_BURST // BURST, 1)  # a portal with another limit keeps the proportions
        associations = max(burst_limit * ASSOCIATION_BURST // BURST, 1)
        self._windows = {
            (Bucket.GENERAL, False): Window(burst_limit, BURST_SECONDS),
            (Bucket.GENERAL, True): Window(oauth, BURST_SECONDS),
            (Bucket.ASSOCIATIONS, False): Window(associations, BURST_SECONDS),
            (Bucket.ASSOCIATIONS, True): Window(min(oauth, associations), BURST_SECONDS),
        }
        self._search = Window(search_limit, 1)
        self._journal = Window(JOURNAL_SECOND, 1)
        self._day: date | None = None
        self._used = 0

    def spend(self, calls: int) -> None:
        """Use up part of the day, for tests of the daily limit."""
        self._roll(self._clock.now())
        self._used += calls

    @property
    def used(self) -> int:
        """Tell how many calls the day has seen."""
        self._roll(self._clock.now())
        return self._used

    def admit(self, bucket: Bucket, *, oauth: bool) -> tuple[RawHeaders, Response | None]:
        """Count a call and give its headers, or the refusal."""
        if bucket is Bucket.FREE:
            return [], None
        now = self._clock.now()
        if bucket is Bucket.JOURNAL:
            return [], _second(self._journal, now)
        self._roll(now)
        if self._used >= self.day_limit and not oauth:
            return [], refusal("DAILY", {} if bucket is Bucket.SEARCH else self._headers(bucket, now, oauth))
        if bucket is Bucket.SEARCH:
            refused = _second(self._search, now)
            self._used += refused is None
            return [], refused
        window = self._windows[bucket, oauth]
        if window.left(now) <= 0:
            return [], refusal("TEN_SECONDLY_ROLLING", self._headers(bucket, now, oauth))
        window.take(now)
        self._used += 1
        return raw(self._headers(bucket, now, oauth)), None

    def _roll(self, now: datetime) -> None:
        today = now.astimezone(self._zone).date()  # the day ends at the account's midnight
        if today != self._day:
            self._day, self._used = today, 0

    def _headers(self, bucket: Bucket, now: datetime, oauth: bool) -> dict[str, str]:  # noqa: FBT001
        window = self._windows[bucket, oauth]
        second = window.limit // BURST_SECONDS
        headers = {
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(BURST_SECONDS * 1000),
            "X-HubSpot-RateLimit-Max": str(window.limit),
            "X-HubSpot-RateLimit-Remaining": str(max(window.left(now), 0)),
            "X-HubSpot-RateLimit-Secondly": str(second),  # deprecated, sent, not enforced
            "X-HubSpot-RateLimit-Secondly-Remaining": str(max(second - 1, 0)),
        }
        if not oauth:
            headers["X-HubSpot-RateLimit-Daily"] = str(self.day_limit)
            headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(self.day_limit - self._used, 0))
        return headers
