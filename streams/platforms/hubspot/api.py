"""One call to HubSpot, and what its answer means.

In: method, path, body. Out: a reply that somebody can act on, or an error by recovery: Throttled, Parked, Transient
(nothing was written) or Unknown (a write whose answer was lost). Invariant: no httpx error and no unread status leaves.
Source: HubSpot's error-handling page and usage guidelines.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from schemas.errors import Parked, Refused, Throttled, Transient, Unknown
from schemas.wire import decode_platform, encode
from streams.platforms.door import Door
from streams.platforms.hubspot.auth import Auth
from streams.platforms.hubspot.doors import api_door
from streams.platforms.hubspot.limits import (
    ANSWER_SECONDS,
    AT_ONCE,
    CONNECT_SECONDS,
    INTERVAL,
    LOCKED,
    LONGEST_WAIT,
    MIGRATION,
    PROBE,
    SECOND,
)
from streams.platforms.hubspot.pace import Pace, Sort
from streams.platforms.outbound import client

BAD_REQUEST, NOT_FOUND = 400, 404
UNAUTHORIZED, FORBIDDEN, LOCKED_STATUS, TOO_MANY, MIGRATING = 401, 403, 423, 429, 477
SERVER_ERROR = 500
NO_OBJECT = "object"  # the code of a park: the custom object that the contract chooses is not there
CONFLICTS = {"CONFLICT", "409"}  # codes of a refusal: another record has this value
NOT_PROVIDED = "provision"  # the code of a park: a property, stage or pipeline of ours is not there
_NO_PROPERTY = re.compile(r'(?<!\\)"error":\s*"PROPERTY_DOESNT_EXIST"')  # HubSpot's code, inside a refusal's message
_NAMES = re.compile(r'(?<!\\)"name":\s*"(\w+)"')  # there too, of each property whose value is not valid
_IN_WORDS = re.compile(r"property\W{1,3}(\w+)", re.IGNORECASE)  # of a refusal that lists no values
_STAGED = {"hs_pipeline", "hs_pipeline_stage"}  # properties that are refused where what they name is not there
_OWN_TYPE = re.compile(r"^[A-Z]+ /crm/[a-z]+/[^ ]*?/p_(\w+)")  # a call to a portal's own object type
_UNKNOWN_TYPE = "infer object type"  # how HubSpot says that it has no such type
_COLLECTS = re.compile(r"/crm/[a-z]+/[^/ ]+/(commerce_payments|subscriptions)(?:/|$)")  # what not every account has
_NOT_SET_UP = "stripe"  # what a refusal names that means the account; no source gives its whole words
NO_PAYMENTS = "payments"  # the code of a park: the portal has none of HubSpot's own payments or subscriptions
Json = dict[str, Any]

# The request did not leave: whatever it was, nothing was written.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Reply:
    """A success, or a refusal of what was asked (400, 404, 409, ...)."""

    status: int
    body: Json

    @property
    def refused(self) -> bool:
        """Whether HubSpot says no to the request as a whole."""
        return self.status >= httpx.codes.BAD_REQUEST

    @property
    def code(self) -> str:
        """The category of a refusal, else its status."""
        return str(self.body.get("category") or self.status)

    @property
    def message(self) -> str:
        """HubSpot's own words."""
        return str(self.body.get("message") or f"status {self.status}")

    @property
    def lacks(self) -> str:
        """Of a 403: the scopes that are missing, as far as it names any."""
        scopes: list[str] = []
        for error in self.errors:
            context = error.get("context")
            for name in ("requiredGranularScopes", "requiredScopes"):
                found = context.get(name) if isinstance(context, dict) else None
                scopes += [str(scope) for scope in found] if isinstance(found, list) else []
        if not scopes:
            return self.message
        return f"the app lacks {', '.join(dict.fromkeys(scopes))}. Add it to the app and install it again"

    def granted(self) -> Reply:
        """This reply, to a read that HubSpot has no reason to refuse.

        Raises:
            Refused: it was refused all the same; the message is HubSpot's.
        """
        if self.refused:
            raise Refused(f"hubspot refuses to show: {self.message}", code=self.code)
        return self

    @property
    def results(self) -> list[Json]:
        """The results of a batch, a list or a search."""
        results = self.body.get("results")
        return [each for each in results if isinstance(each, dict)] if isinstance(results, list) else []

    @property
    def errors(self) -> list[Json]:
        """The errors inside a 207."""
        errors = self.body.get("errors")
        return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []

    @property
    def after(self) -> str | None:
        """The cursor of the next page."""
        after = ((self.body.get("paging") or {}).get("next") or {}).get("after")
        return str(after) if after else None


class Api:
    """The HTTP side of one connection."""

    def __init__(
        self,
        base_url: str,
        version: str,
        auth: Auth,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        transport: httpx.AsyncBaseTransport | None = None,
        http: type[httpx.AsyncClient] = httpx.AsyncClient,
        timezone: str = "UTC",
        door: Door | None = None,
        credentials: str = "REVMARK_HUBSPOT_TOKEN",
        ours: Callable[[], None] = lambda: None,
    ) -> None:
        """`timezone` is the portal's: its daily quota is new at midnight there.

        `door` is where it may call, the records' unless given; `credentials` are the settings that its token is of.
        `ours` raises when the connection may be another worker's by now: a write is not sent then.
        """
        self.version = version
        self.auth = auth
        self.clock = clock
        self.pace = Pace(clock, sleep, ZoneInfo(timezone))
        self._abreast = asyncio.Semaphore(AT_ONCE)
        self._under_way: Counter[Sort] = Counter()
        self._credentials = credentials
        self._ours = ours
        self._http = client(
            door or api_door(base_url),
            transport,
            http=http,
            base_url=base_url,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            headers={"accept": "application/json", "user-agent": "revmark"},
        )

    def objects(self, path: str, rest: str = "") -> str:
        """The path of an object type's endpoint."""
        return f"/crm/objects/{self.version}/{path}{rest}"

    def associations(self, source: str, target: str, rest: str) -> str:
        """The path of an association endpoint."""
        return f"/crm/associations/{self.version}/{source}/{target}{rest}"

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Reply:
        """Read."""
        return await self._call("GET", path, params=params)

    async def post(self, path: str, body: Json, *, writes: bool = False, alone: bool = False) -> Reply:
        """Read with a body, or write. Where it stands `alone`, that it is forbidden says nothing of other calls.

        Raises:
            Unknown: a write was sent and its answer lost.
            Throttled, Parked, Transient: nothing was written.
        """
        return await self._call("POST", path, body=body, writes=writes, alone=alone)

    async def close(self) -> None:
        """Release connections."""
        await self._http.aclose()
        await self.auth.close()

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Json | None = None,
        writes: bool = False,
        alone: bool = False,
    ) -> Reply:
        # 1. a slot, 2. a token, 3. the call; a refused token is renewed once, and nothing was written by then.
        sort = _sort(path)
        async with self._abreast:
            self._under_way[sort] += 1
            try:
                await self.pace.turn(sort)
                token = await self.auth.token()
                response = await self._send(method, path, token, params, body, writes=writes)
                if response.status_code == UNAUTHORIZED and await self.auth.renew(token):
                    await self.pace.turn(sort)
                    response = await self._send(method, path, await self.auth.token(), params, body, writes=writes)
                # 4. what it means: a pause that it asks for is known before the next call
                return self._judge(f"{method} {path}", response, writes=writes, alone=alone, sort=sort)
            finally:
                self._under_way[sort] -= 1

    async def _send(
        self, method: str, path: str, token: str, params: Mapping[str, str] | None, body: Json | None, *, writes: bool
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"}
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = encode(body)
        if writes:
            self._ours()  # whoever woke up after a stop would send what its successor looks for
        sort, sent = _sort(path), self.clock()
        try:
            response = await self._http.request(method, path, params=params, content=content, headers=headers)
        except _NOT_SENT as error:
            raise Transient(f"hubspot is not reached ({type(error).__name__}). Nothing was sent", code="net") from error
        except httpx.HTTPError as error:
            if writes:
                said = f"hubspot: the answer to {method} {path} was lost ({type(error).__name__}). Look it up"
                raise Unknown(said, code="lost") from error
            raise Transient(f"hubspot did not answer ({type(error).__name__})", code="net") from error
        told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw}
        self.pace.note(sort, told, sent=sent, others=self._under_way[sort] - 1)
        return response

    def _judge(self, call: str, response: httpx.Response, *, writes: bool, alone: bool, sort: Sort) -> Reply:
        status = response.status_code
        body = _body(response)
        if status >= SERVER_ERROR or (response.is_success and body is None):
            if writes:
                raise Unknown(
                    f"hubspot: {call} was answered {status}, it may have happened. Look it up", code=str(status)
                )
            raise Transient(f"hubspot: {call} was answered {status}", code=str(status))
        reply = Reply(status, body or {})
        if status == TOO_MANY:
            self._throttle(reply, sort, response)
        if status == UNAUTHORIZED:
            raise self._parked(f"the token is refused: {reply.message}. Set {self._credentials} anew", reply.code)
        if status == FORBIDDEN and not alone:
            more = f". {_set_up(found[1])}" if (found := _COLLECTS.search(call)) else ""
            raise self._parked(f"{call} is forbidden: {reply.lacks}{more}", reply.code)
        if status == BAD_REQUEST and (without := self.without(call, reply.message)) is not None:
            raise without
        if status in {BAD_REQUEST, NOT_FOUND} and (own := _OWN_TYPE.search(call)) and _UNKNOWN_TYPE in reply.message:
            said = (
                f"the portal has no custom object {own[1]}, which the contract chooses (platforms.objects). "
                "Run: revmark provision --yes"
            )
            raise self._parked(said, NO_OBJECT)
        if status in {LOCKED_STATUS, MIGRATING}:
            until = self.clock() + (LOCKED if status == LOCKED_STATUS else _retry_after(response))
            self.pace.hold(sort, until)
            raise Throttled(f"hubspot: {call} was answered {status}: {reply.message}", until=until, code=str(status))
        if response.is_redirect:
            raise Transient(f"hubspot: {call} was redirected, which is not followed", code=str(status))
        return reply

    def _throttle(self, reply: Reply, sort: Sort, response: httpx.Response) -> None:
        policy = str(reply.body.get("policyName") or reply.message).upper()
        now = self.clock()
        if "DAILY" in policy:
            until = self.pace.midnight(now)
            why = (
                "hubspot: the day's calls are spent. Nothing was written and nothing is lost; work goes on at midnight "
                "of the portal. Buy an API limit increase, or raise REVMARK_POLL_EVERY"
            )
            self.pace.park(until, why)
            raise Parked(why, until=until, code="429", passes=True)
        wait = SECOND if "SECONDLY" in policy and "TEN" not in policy else INTERVAL
        until = now + max(wait, _retry_after(response, timedelta()))
        self.pace.hold(sort, until)
        raise Throttled(f"hubspot: {reply.message}", until=until, code="429")

    def without(self, call: str, message: str) -> Parked | None:
        """What it means that a record was refused, where the portal has no records of its kind at all."""
        found = _COLLECTS.search(call)
        if found is None or _NOT_SET_UP not in message.lower():
            return None
        return self._parked(f"{call} is refused: {message} {_set_up(found[1])}", NO_PAYMENTS)

    def unprovided(self, call: str, code: str, message: str, key: str) -> Parked | None:
        """What it means that a record of ours was refused, where the portal lacks what such records are made of.

        That is a property, the unique one by which they are found, or a pipeline or stage. What a refusal repeats of
        the values says nothing.
        """
        named = set(_NAMES.findall(message) or _IN_WORDS.findall(message))
        if code in CONFLICTS or not (named & {key, *_STAGED} or _NO_PROPERTY.search(message)):
            return None
        said = f"the portal lacks what it needs for {call}: {message}. Run: revmark provision --yes"
        return self._parked(said, NOT_PROVIDED)

    def _parked(self, why: str, code: str) -> Parked:
        said = f"hubspot: {why}. Nothing was written. Then run: revmark check"
        return Parked(said, until=self.clock() + PROBE, code=code)


def _set_up(path: str) -> str:
    """What makes an object be there that not every account has, and what else there is."""
    kind = {"commerce_payments": "payment"}.get(path, path.removesuffix("s"))
    return (
        f"HubSpot's own {kind}s are there where HubSpot payments or Stripe is set up, and the app may see and write "
        f"them. Set that up, or choose a custom object: platforms.objects: {{{kind}: {{custom: revmark_{kind}}}}}"
    )


def _sort(path: str) -> Sort:
    """Which of HubSpot's limits a call falls under."""
    if path.endswith("/search"):
        return "search"
    return "association" if path.startswith("/crm/associations/") else "general"


def _body(response: httpx.Response) -> Json | None:
    if not response.content:
        return {}
    try:
        body = decode_platform(response.content)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _retry_after(response: httpx.Response, otherwise: timedelta = MIGRATION) -> timedelta:
    text = response.headers.get("retry-after", "")
    if not (text.isascii() and text.isdigit()):
        return otherwise
    return min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
