"""One connection to Xero: a request goes out with quota, token and organisation; an answer or an error comes back.

In: method, path, query, body. Out: the envelope as parsed JSON with exact amounts. Invariants: no bare httpx error
leaves; a write whose answer was lost is Unknown and is not repeated here; redirects are not followed, so credentials
go to the configured hosts only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from schemas.errors import Parked, Refused, RevmarkError, Throttled, Transient, Unknown
from schemas.instants import to_millis
from schemas.wire import decode_platform
from streams.platforms.outbound import client
from streams.platforms.xero import wire
from streams.platforms.xero.doors import api_door
from streams.platforms.xero.quota import Clock, Purpose, Quota

API = "/api.xro/2.0"
# Seconds. Xero answers a batch of 50 documents in well under 30; a connect that takes 5 will not come.
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
ATTEMPTS = 3  # of one call: short waits and one refused token are ours, all else is the lane's
CONCURRENT_WAIT = timedelta(seconds=1)  # a 429 for calls in flight names no time (facts B2)
MINUTE_WAIT = timedelta(minutes=1)  # a 429 without Retry-After
LONGEST_WAIT = timedelta(hours=24)  # no limit of Xero's lasts longer, whatever Retry-After says
PROBE = timedelta(minutes=15)  # when a person has to act
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Auth(Protocol):
    """Gives access tokens."""

    async def token(self, *, refused: str = "") -> str:
        """An access token that Xero has not yet `refused`."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A 200 or 404 of Xero's. `at` is Xero's own clock, milliseconds since 1970; a 404 holds no value."""

    status: int
    value: Any
    at: int

    @property
    def missing(self) -> bool:
        """No such record."""
        return self.status == httpx.codes.NOT_FOUND

    def rows(self, plural: str) -> list[dict[str, Any]]:
        """The records of the envelope; none for a 404.

        Raises:
            Transient: the envelope is not of the documented form.
        """
        if self.missing:
            return []
        rows = self.value.get(plural) if isinstance(self.value, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Transient(f"Xero's answer holds no list of {plural}; nothing was taken from it", code="envelope")
        return rows


class Connection:
    """The only thing that speaks HTTP to Xero's API."""

    def __init__(
        self,
        url: str,
        organisation: str,
        auth: Auth,
        quota: Quota,
        *,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
        http: type[httpx.AsyncClient] = httpx.AsyncClient,
        ours: Callable[[], None] = lambda: None,
    ) -> None:
        """Keep where and as whom to call; `ours` raises when the connection may be another worker's by now."""
        self._url = url.rstrip("/")
        self._organisation = organisation
        self._auth = auth
        self._quota = quota
        self._clock = clock
        self._ours = ours
        self._http = client(api_door(url), transport, http=http, timeout=TIMEOUT)

    async def close(self) -> None:
        """Release connections."""
        await self._http.aclose()
        await self._auth.close()

    async def get(
        self,
        path: str,
        *parts: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        purpose: Purpose = "read",
    ) -> Answer:
        """Read. `parts` are ids: they are quoted, so that data never chooses the path.

        Raises:
            Throttled, Parked, Transient, Refused: as their names say; a missing record is an answer.
        """
        url = "/".join([f"{self._url}{API}/{path}", *(quote(part, safe="") for part in parts)])
        return await self._call("GET", url, query or {}, dict(headers or {}), None, purpose)

    async def connections(self) -> Any:
        """Which organisations the grant reaches: `GET /connections`, outside the accounting API."""
        return (await self._call("GET", f"{self._url}/connections", {}, {}, None, "read")).value

    async def send(
        self, method: str, path: str, query: Mapping[str, str], value: Any, *, key: str, purpose: Purpose = "first"
    ) -> Answer:
        """Write. `key` is the Idempotency-Key: it covers the repeats within this call and no more (facts B5).

        Raises:
            Unknown: the request went out and its answer was lost.
            Throttled, Parked, Transient, Refused: nothing was written.
        """
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        return await self._call(method, f"{self._url}{API}/{path}", query, headers, wire.body(value), purpose)

    async def delete(self, path: str, record_id: str, *, purpose: Purpose) -> None:
        """Delete; what is gone already is fine.

        Raises:
            Unknown: the request went out and its answer was lost.
            Throttled, Parked, Transient, Refused: nothing was deleted.
        """
        url = f"{self._url}{API}/{path}/{quote(record_id, safe='')}"
        try:
            await self._call("DELETE", url, {}, {}, None, purpose)
        except Refused as error:
            if error.code != str(httpx.codes.NOT_FOUND.value):
                raise

    async def _call(
        self,
        method: str,
        url: str,
        query: Mapping[str, str],
        headers: dict[str, str],
        body: bytes | None,
        purpose: Purpose,
    ) -> Answer:
        token, status, refused = "", 0, ""
        for _ in range(ATTEMPTS):
            refused = token if status == httpx.codes.UNAUTHORIZED else ""
            token = await self._auth.token(refused=refused)
            async with self._quota.call(purpose):
                if method != "GET":
                    self._ours()  # whoever woke up after a stop would send what its successor looks for
                reply = await self._exchange(method, url, query, self._headers(token) | headers, body)
            self._quota.note(reply.headers)
            status = reply.status_code
            if status == httpx.codes.TOO_MANY_REQUESTS:
                self._wait(reply)
            elif status != httpx.codes.UNAUTHORIZED or "insufficient_scope" in reply.headers.get(
                "www-authenticate", ""
            ):
                return self._answer(reply, writing=method != "GET")
        if status == httpx.codes.UNAUTHORIZED and refused:  # it was fresh; one that died while we waited is not
            raise self._parked(reply, "Xero refuses a fresh token")
        until = self._clock() + CONCURRENT_WAIT
        raise Throttled("Xero keeps asking to wait", until=until, code="429")

    def _headers(self, token: str) -> dict[str, str]:
        return {
            "Accept": "application/json",  # XML is what Xero speaks unasked (facts B1)
            "Authorization": f"Bearer {token}",
            "xero-tenant-id": self._organisation,
            "User-Agent": "revmark",
        }

    async def _exchange(
        self, method: str, url: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes | None
    ) -> httpx.Response:
        try:
            return await self._http.request(method, url, params=dict(query), headers=dict(headers), content=body)
        except NEVER_SENT as error:
            raise Transient("Xero cannot be reached; nothing was sent", code="unreachable") from error
        except httpx.HTTPError as error:
            raise _lost(type(error).__name__, writing=method != "GET") from error

    def _wait(self, reply: httpx.Response) -> None:
        """Remember a 429; the day's parks the connection, the others are waited for or handed to the lane."""
        problem = reply.headers.get("X-Rate-Limit-Problem", "minute").lower()
        stated = reply.headers.get("Retry-After", "")
        default = CONCURRENT_WAIT if problem == "concurrent" else MINUTE_WAIT
        wait = timedelta(seconds=int(stated)) if stated.isdecimal() and len(stated) < 9 else default  # noqa: PLR2004 - more digits overflow a timedelta
        until = self._clock() + min(wait, LONGEST_WAIT)
        self._quota.block(until, problem)
        if problem == "day":
            why = f"the day's calls to Xero are spent until {until:%Y-%m-%d %H:%M} UTC; work waits, nothing is lost"
            raise Parked(why, until=until, code="day", passes=True)

    def _answer(self, reply: httpx.Response, *, writing: bool) -> Answer:
        status = reply.status_code
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise self._parked(reply, "Xero does not let this grant do that")
        if status >= httpx.codes.INTERNAL_SERVER_ERROR and status != httpx.codes.NOT_IMPLEMENTED:
            raise _lost(str(status), writing=writing)
        if status == httpx.codes.NOT_FOUND and not writing:
            return Answer(status, None, self._moment(reply, None))
        if status >= httpx.codes.BAD_REQUEST:
            raise Refused(said(reply), code=str(status))
        if status == httpx.codes.NO_CONTENT:
            return Answer(status, {}, self._moment(reply, None))
        try:
            value = decode_platform(reply.content)
        except ValueError as error:
            raise _lost("no JSON", writing=writing) from error
        if not reply.is_success:
            raise _lost(str(status), writing=writing)
        return Answer(status, value, self._moment(reply, value))

    def _parked(self, reply: httpx.Response, what: str) -> Parked:
        why = f"{what} ({said(reply)}): check the organisation's id and the granted scopes with `revmark check`"
        return Parked(why, until=self._clock() + PROBE, code=str(reply.status_code))

    def _moment(self, reply: httpx.Response, value: Any) -> int:
        """Xero's own time of this answer; ours only where it gives none."""
        stated = value.get("DateTimeUTC") if isinstance(value, dict) else None
        if isinstance(stated, str):
            try:
                return wire.millis(stated)
            except ValueError:
                pass
        return to_millis(_date_header(reply) or self._clock())


def said(reply: httpx.Response) -> str:
    """What a refusal says, in Xero's words."""
    try:
        value = decode_platform(reply.content)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return f"{reply.status_code} {reply.reason_phrase}".strip()
    elements = value.get("Elements")
    words = [word for each in elements if isinstance(each, dict) for word in messages(each)] if elements else []
    return "; ".join(words) or str(
        value.get("Detail") or value.get("Message") or value.get("Title") or reply.status_code
    )


def messages(element: Mapping[str, Any]) -> list[str]:
    """The validation messages of one element."""
    errors = element.get("ValidationErrors")
    return [str(each.get("Message")) for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []


def _lost(what: str, *, writing: bool) -> RevmarkError:
    if writing:
        return Unknown(
            f"the answer of a write to Xero was lost ({what}); it is looked up before anything else", code=what
        )
    return Transient(f"Xero did not answer a read ({what}); nothing was changed", code=what)


def _date_header(reply: httpx.Response) -> datetime | None:
    try:
        moment = parsedate_to_datetime(reply.headers["Date"])
    except (KeyError, ValueError):
        return None
    return moment if moment.tzinfo else None
