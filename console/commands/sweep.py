"""`revmark sweep`: read everything of a platform, whatever its modified times say."""

from __future__ import annotations

import asyncio
import difflib
from datetime import UTC, datetime
from typing import Annotated

import typer

from console.deeds import account, doing
from console.options import examples
from console.output import say
from console.session import session_of
from schemas.command import Poll
from schemas.errors import Refused
from streams.platforms.shares import SHARES
from streams.topics import Topics

EXAMPLES = examples("revmark sweep hubspot", "revmark sweep xero --kind invoice")


def command(
    context: typer.Context,
    platform: Annotated[str, typer.Argument(help="hubspot or xero")],
    *,
    kind: Annotated[
        list[str] | None, typer.Option(help="only these kinds of record, as invoice; all if not given")
    ] = None,
) -> None:
    """Ask a platform's lane to read everything, as it does once a day. Finds what was changed without a trace."""
    wanted = _known(platform, kind or [])
    from console.word import send  # noqa: PLC0415 - loads the Kafka client

    settings = session_of(context).settings
    connection = settings.connection(platform)
    poll = Poll(tenant=settings.tenant, connection=connection, kinds=wanted, sweep=True, at=datetime.now(UTC))
    topics = Topics(settings.topic_prefix, settings.partitions)
    with doing(settings, "sweep", account(), connection):
        asyncio.run(send(settings.kafka, topics.name(topics.lane(platform)), connection, poll))
    what = f"every {' and every '.join(each.replace('_', ' ') for each in wanted)}" if wanted else "everything"
    say(f"the lane of {connection} has been asked to read {what}. Next: revmark variances, for what it finds")


def _known(platform: str, kinds: list[str]) -> list[str]:
    """The kinds to read, each once, as the platform's records are called; none of them means all.

    Raises:
        Refused: there is no such platform, or it has no such records: a lane would read nothing, and say nothing.
    """
    known = {str(name): list(share.entities) for name, share in SHARES.items()}
    if platform not in known:
        raise _none(platform, "platform", list(known), "revmark sweep ")
    for each in kinds:
        if each not in known[platform]:
            raise _none(each, f"kind of record of {platform}", known[platform], f"revmark sweep {platform} --kind ")
    return list(dict.fromkeys(kinds))


def _none(said: str, what: str, known: list[str], command: str) -> Refused:
    near = next(iter(difflib.get_close_matches(said, known, n=1)), known[0])
    return Refused(
        f"{said!r} is no {what} (there are: {', '.join(known)}). Nothing was sent. Next: {command}{near}", code="usage"
    )
