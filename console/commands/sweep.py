"""`revmark sweep`: read everything of a platform, whatever its modified times say."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from console.deeds import account, doing
from console.options import examples
from console.output import say
from console.session import session_of
from schemas.command import Poll
from schemas.errors import Refused
from streams.topics import Topics

EXAMPLES = examples("revmark sweep hubspot", "revmark sweep xero --kind invoice")
PLATFORMS = ("hubspot", "xero")


def command(
    context: typer.Context,
    platform: Annotated[str, typer.Argument(help="hubspot or xero")],
    *,
    kind: Annotated[
        list[str] | None, typer.Option(help="only these kinds of record, as invoice; all if not given")
    ] = None,
) -> None:
    """Ask a platform's lane to read everything, as it does once a day. Finds what was changed without a trace."""
    if platform not in PLATFORMS:
        raise Refused(f"{platform!r} is no platform: it is one of {', '.join(PLATFORMS)}")
    from console.word import send  # noqa: PLC0415 - loads the Kafka client

    settings = session_of(context).settings
    connection = settings.connection(platform)
    poll = Poll(tenant=settings.tenant, connection=connection, kinds=kind or [], sweep=True, at=datetime.now(UTC))
    topics = Topics(settings.topic_prefix, settings.partitions)
    with doing(settings, "sweep", account(), connection):
        asyncio.run(send(settings.kafka, topics.name(topics.lane(platform)), connection, poll))
    say(f"the lane of {connection} has been asked to read everything; see `revmark variances` for what it finds")
