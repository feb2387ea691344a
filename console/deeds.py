"""Deeds: what people do is kept on the topic `audit` before it is done, and then again with what came of it.

In: who does what, and why. Out: records of `schemas.deed`. Invariant: what cannot be kept is not done; whoever is
looking at a page that has lost its broker can look, and not act.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal

import typer

from console.exits import FINE, NEEDS_PERSON
from console.output import note
from console.projection.delivery import topics_of
from schemas.deed import Deed, Outcome
from schemas.errors import Refused, RevmarkError, Transient
from streams.settings import Settings

LONGEST = 2_000  # letters of a text kept: a reason is a sentence, and two hundred names are told in full elsewhere


def account() -> str:
    """The system's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as containers have
        return f"user {os.getuid()}"


def begun(
    settings: Settings,
    what: str,
    who: str,
    about: str = "",
    why: str = "",
    via: Literal["page", "command line"] = "page",
) -> Deed:
    """A deed that is about to be done."""
    texts = {"who": who, "about": about, "why": why.strip()}
    kept = {name: text if len(text) <= LONGEST else f"{text[:LONGEST]}..." for name, text in texts.items()}
    return Deed(
        id=uuid.uuid4().hex,
        tenant=settings.tenant,
        via=via,
        what=what,
        at=datetime.now(UTC),
        **kept,
        account=account() if via == "command line" else "",
    )


def ended(deed: Deed, outcome: Outcome, said: str = "") -> Deed:
    """The same deed, with what came of it."""
    return deed.model_copy(update={"outcome": outcome, "said": said[:LONGEST], "ended_at": datetime.now(UTC)})


async def keep(settings: Settings, deed: Deed) -> None:
    """Put it on its topic.

    Raises:
        Transient: the broker does not answer, or no worker has made the topic yet.
    """
    from console.word import place  # noqa: PLC0415 - loads the Kafka client

    await place(settings, topics_of(settings).audit, f"{deed.tenant}|{deed.id}", deed)


@contextmanager
def doing(settings: Settings, what: str, who: str, about: str = "", why: str = "") -> Iterator[None]:
    """What is done within is kept before and after, as done at a command line.

    Raises:
        Transient: it cannot be kept; nothing was done.
    """
    deed = begun(settings, what, who, about, why, "command line")
    asyncio.run(keep(settings, deed))
    came: tuple[Outcome, str] | None = "done", ""
    try:
        yield
    except typer.Exit as left:
        came = _left(left.exit_code), ""
        raise
    except RevmarkError as error:
        came = "refused" if isinstance(error, Refused) else "failed", error.message
        raise
    except BaseException:
        came = None  # cut off: it stays begun
        raise
    finally:
        if came is not None:
            _tell(settings, ended(deed, *came))


def _left(code: int) -> Outcome:
    return "done" if code == FINE else "refused" if code == NEEDS_PERSON else "sent"


def _tell(settings: Settings, deed: Deed) -> None:
    try:
        asyncio.run(keep(settings, deed))
    except Transient as error:
        note(f"what came of it is not kept on the topic `audit`: {error.message}", "yellow")
