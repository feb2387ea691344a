"""Xero's webhooks: events without content, signed, retried for a day, then switched off.

Facts [SPEC webhooks, XD]: the body is a list of ids, so a receiver must read the record again;
``x-xero-signature`` is base64(HMAC-SHA256(key, raw body)); only 200 counts. A new address must first pass
the intent-to-receive handshake: several requests, some wrongly signed, to be answered 200 and 401. A
failure is repeated at once, then every 15 minutes for 24 hours, then the subscription is disabled; what
happens meanwhile is kept and sent in order after it is enabled again.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.delivery import Deliverer, Event, Terms
from sandbox.faults import Faults
from sandbox.wire import encode
from sandbox.xero.shelf import Change
from sandbox.xero.wire import iso_second

BATCH = 100  # events in one request [K]
PAUSE = 15 * 60.0  # seconds between retries after the immediate one
ENDURANCE = timedelta(hours=24)  # of failures before the subscription is disabled
RETRIES = (0.0, *(PAUSE,) * int(ENDURANCE.total_seconds() / PAUSE))
KEPT = timedelta(days=31)  # how long missed events are kept
OK = 200
UNAUTHORISED = 401
HANDSHAKE = (True, False, False, True, False)  # rightly or wrongly signed [K on order and number]
API = "https://api.xero.com/api.xro/2.0"
CATEGORIES = {"Contacts": "CONTACT", "Invoices": "INVOICE", "CreditNotes": "CREDITNOTE",  # [SPEC]
              "Prepayments": "PREPAYMENT", "Overpayments": "OVERPAYMENT"}  # [XD changelog, 2026]; no others # fmt: skip


def signature(key: str, body: bytes) -> str:
    """``x-xero-signature``."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def event_of(change: Change, tenant_id: str, now: datetime) -> Event | None:
    """The event of a committed change, if its kind has any."""
    category = CATEGORIES.get(change.kind)
    if category is None or change.quiet or change.after is None:
        return None
    data = {}
    if category in {"CREDITNOTE", "PREPAYMENT", "OVERPAYMENT"}:  # carry a little content since 2026
        data = {"Type": change.after["Type"], "Status": change.after["Status"]}
    if category in {"PREPAYMENT", "OVERPAYMENT"}:
        data["UpdatedDateUTCString"] = iso_second(change.after["UpdatedDateUTC"])
    return {
        "resourceUrl": f"{API}/{change.kind}/{change.id}",
        "resourceId": change.id,
        "tenantId": tenant_id,
        "tenantType": "ORGANISATION",
        "eventCategory": category,
        "eventType": "CREATE" if change.before is None else "UPDATE",
        "eventDateUtc": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}",  # no Z
        **({"data": data} if data else {}),
    }


def _sequence(event: Event) -> int:
    return int(str(event["_sequence"]))


class Subscription(Deliverer):
    """One webhook of the app: sequence numbers, the handshake, and giving up after a day."""

    def __init__(self, clock: Clock, faults: Faults, *, key: str, retry_scale: float = 1.0) -> None:
        self.key = key
        self.status = "none"  # none, intent required, ok, disabled
        self.handshake: list[dict[str, object]] = []
        self._time = clock
        self._endurance = ENDURANCE * retry_scale
        self._failing_since: datetime | None = None
        self._missed: list[tuple[datetime, Event]] = []
        self._last_sequence = 0
        self._entropy = 0
        self._sending: Sequence[Event] = ()
        terms = Terms(
            batch=BATCH, concurrency=1, retries=RETRIES, accepts=lambda status: status == OK, scale=retry_scale
        )
        super().__init__(clock, faults, sign=self._sign, render=self._render, terms=terms, name=self._label)

    @staticmethod
    def _label(event: Event) -> str:
        return f"{event['eventCategory']}.{event['eventType']}"

    def _sign(self, body: bytes, _method: str, _url: str, _now: datetime) -> Mapping[str, str]:
        return {"x-xero-signature": signature(self.key, body)}

    def _body(self, events: Sequence[Event], first: int, last: int) -> bytes:
        self._entropy += 1
        entropy = hashlib.sha256(f"{self.key}/{self._entropy}".encode()).hexdigest()[:20].upper()
        shown = [{name: value for name, value in event.items() if name != "_sequence"} for event in events]
        return encode({"events": shown, "firstEventSequence": first, "lastEventSequence": last, "entropy": entropy})

    def _render(self, events: Sequence[Event], _attempt: int) -> bytes:
        self._sending = events
        numbers = [_sequence(event) for event in events]
        return self._body(events, min(numbers), max(numbers))

    def submit(self, event: Event) -> None:
        """Number the event and send it, or keep it while the subscription is disabled."""
        if self.status == "none":
            return
        self._last_sequence += 1
        numbered = {**event, "_sequence": self._last_sequence}
        if self.status == "ok":
            super().submit(numbered)
        else:
            self._keep(self._time.now(), [numbered])

    async def post(
        self, body: bytes, *, attempt: int = 0, events: int = 0, headers: Mapping[str, str] | None = None
    ) -> int | None:
        """Send, and disable the subscription once it has failed for a day."""
        now = self._time.now()
        if headers is None and self.status != "ok":  # queued before the subscription was disabled: keep it
            self._keep(now, self._sending)
            self.counts["delivered"] -= events  # the queue will count these, but nobody got them
            return OK
        status = await super().post(body, attempt=attempt, events=events, headers=headers)
        if headers is not None:
            return status  # part of the handshake
        if status == OK:
            self._failing_since = None
        elif self._failing_since is None:
            self._failing_since = now
        elif now - self._failing_since >= self._endurance:
            self.status = "disabled"
            self.target_url = None
            self._keep(now, self._sending)
        return status

    def _keep(self, now: datetime, events: Sequence[Event]) -> None:
        self._missed.extend((now, event) for event in events)
        self.counts["kept"] += len(events)

    async def retarget(self, url: str | None) -> object:
        """A new address, or none: runs the handshake, then sends what was kept."""
        self._failing_since = None
        self.handshake = []
        if url is None:
            self.status, self.target_url = "none", None
            return None
        self.status = "intent required"
        self.target_url = url
        for right in HANDSHAKE:
            body = self._body([], 0, 0)
            signed = signature(self.key if right else f"not {self.key}", body)
            status = await self.post(body, headers={"x-xero-signature": signed})
            wanted = OK if right else UNAUTHORISED
            self.handshake.append({"signed": right, "status": status, "passed": status == wanted})
        if not all(step["passed"] for step in self.handshake):
            self.target_url = None
            return {"intent_to_receive": "failed", "requests": self.handshake}
        self.status = "ok"
        missed, self._missed = self._missed, []
        oldest = self._time.now() - KEPT
        for at, event in sorted(missed, key=lambda each: _sequence(each[1])):
            if at >= oldest:
                super().submit(event)
        return {"intent_to_receive": "ok", "requests": self.handshake}

    def state(self) -> dict[str, object]:
        """For ``/_sandbox/state``."""
        return {
            "status": self.status,
            "target_url": self.target_url,
            "handshake": self.handshake,
            "last_sequence": self._last_sequence,
            "kept": len(self._missed),
        }
