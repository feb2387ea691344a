"""Asking: who a platform finds by an address that it does not show, as the workers would before they make anybody.

In: an onlooker, records that would be made. Out: which of them are there. What was read shows one value of each record
only; a platform may know it by others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from schemas.errors import Parked, Refused, Throttled, Transient
from schemas.names import Entity
from streams.survey.onlooker import Onlooker
from streams.survey.reading import LONGEST_WAIT, TRIES, Tell

HICCUP = 2.0  # seconds until a call that had no answer is tried again; as long as the shortest wait of a lane


def _now() -> datetime:
    return datetime.now(UTC)


async def known_by(
    onlooker: Onlooker,
    entity: Entity,
    values: Sequence[str],
    *,
    clock: Callable[[], datetime] = _now,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    tell: Tell = lambda _: None,
) -> Mapping[str, str]:
    """Those of the values by which the platform finds a record that shows another: value -> the record's reference.

    Nothing, where it refuses to be asked so: then nobody knows more than what was read.

    Raises:
        Transient: it cannot be asked now; the message says why, and nothing was changed.
    """
    platform, why = onlooker.platform, ""
    for _ in range(TRIES):
        try:
            return await onlooker.known_by(entity, values)
        except Refused:
            return {}
        except Transient as error:
            why, seconds = error.message, HICCUP
        except (Throttled, Parked) as error:
            why, seconds = error.message, max((error.until - clock()).total_seconds(), 0.0)
        if seconds > LONGEST_WAIT:
            break
        tell(f"{platform}: waiting {seconds:.0f} s for its quota")
        await sleep(seconds)
    raise Transient(f"{platform} cannot be read: {why}. Nothing was written", code="unreadable")
