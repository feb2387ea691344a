"""Abreast: calls that do not wait for each other, side by side.

In: work. Out: its answers, in the order in which it was given. Invariants: all of it has ended when this ends, whether
it failed or was cancelled; of several errors the first in that order is raised, whichever came first by the clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def abreast(work: Iterable[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """Do all of it at once.

    What fails stops nothing else: a call that is under way has been counted by HubSpot, and a write has happened.
    """
    calls = list(work)
    if len(calls) <= 1:  # as most often: a task of its own would only be waited for
        return [await each for each in calls]
    answers: list[Answer] = []
    ended = await asyncio.gather(*calls, return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException):
            raise each
        answers.append(each)
    return answers
