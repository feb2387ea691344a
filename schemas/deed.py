"""A deed: what a person did, or tried to do. Topic `audit`, keyed by tenant and deed.

It is written twice under one id: before anything is done (`begun`), and with what came of it. One that stays `begun`
was cut off between the two: whether it was done, the topic that it was about says.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.instants import Instant
from schemas.wire import Wire

Outcome = Literal["begun", "done", "sent", "refused", "failed"]


class Deed(Wire):
    """Who did what, when, why, and what came of it."""

    id: str
    tenant: str
    who: str
    via: Literal["page", "command line"]
    account: str = Field(default="", description="the system's user at a command line, whoever `who` says it was")
    what: str = Field(description="as drop, put back, sign in")
    about: str = Field(default="", description="what it was done to, as the person named it")
    why: str = ""
    outcome: Outcome = Field(
        default="begun",
        description="sent: it lies on its topic and no worker has taken it up yet; refused: nothing came of it; "
        "failed: it may have been done or not",
    )
    said: str = Field(default="", description="what the person was told")
    at: Instant = Field(description="when it was begun")
    ended_at: Instant | None = None
