"""Bodies of webhooks: read with limits, parsed with limits.

In: a request's stream. Out: bytes, then JSON. Invariant: no caller can make us hold or walk more than the limits.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

from schemas.errors import Refused
from schemas.wire import decode

MAX_BODY = 1024 * 1024  # bytes; HubSpot's 100 events and Xero's batches stay under 200 kB
MAX_DEPTH = 32  # levels of JSON; both vendors use three
BODY_SECONDS = 5.0  # both vendors give up after five seconds, so a slower sender is neither


async def read_body(stream: AsyncIterator[bytes], content_type: str, stated_length: str | None) -> bytes:
    """Read a JSON body of at most 1 MB within five seconds.

    Raises:
        Refused: not JSON (code 415), too large (413) or too slow (408).
    """
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Refused("JSON is expected", code="415")
    if stated_length is not None and (not stated_length.isdigit() or int(stated_length) > MAX_BODY):
        raise Refused("the body is too large", code="413")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in stream:
                body += chunk
                if len(body) > MAX_BODY:
                    raise Refused("the body is too large", code="413")
    except TimeoutError as error:
        raise Refused("the body came too slowly", code="408") from error
    return bytes(body)


def parse_body(body: bytes) -> Any:
    """Parse JSON of at most 32 levels.

    Raises:
        Refused: it is no JSON, or too deep (code 400).
    """
    # So few brackets cannot nest so deep: most webhooks need no closer look.
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _deep(body):
        raise Refused("the body is nested too deeply", code="400")
    try:
        return decode(body)
    except ValueError as error:
        raise Refused("the body is no JSON", code="400") from error


def _deep(body: bytes) -> bool:
    """Whether it is nested beyond the limit, told without parsing; brackets in strings do not count.

    The innermost pairs are taken away, level by level. Brackets of no pair stay, and are as good as deep: no JSON.
    """
    brackets = _TEXT.sub(b"", body).translate(_ALIKE, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)  # possessive: what is never closed is read once
_ALIKE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
