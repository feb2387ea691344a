"""Patience: how long a lane waits before it tries something again."""

from __future__ import annotations

from datetime import timedelta

FIRST_WAIT = timedelta(seconds=2)  # after a hiccup; doubled with every attempt
LONGEST_WAIT = timedelta(minutes=5)  # so that a platform that is back is noticed soon
PROBE_EVERY = timedelta(seconds=5)  # a platform that is down is asked no more often whether it is back
FRESH = timedelta(seconds=5)  # what was judged longer ago is compared with the platform before it is written


def patience(attempts: int) -> timedelta:
    """The wait after so many attempts: doubled with each, up to the longest."""
    return min(FIRST_WAIT * (1 << min(max(attempts - 1, 0), 10)), LONGEST_WAIT)
