"""What to do about an error of a platform: a line that is down or a quota that is spent is nobody's credentials.

In: what a client raised. Out: how to call what failed, and the next step.
"""

from __future__ import annotations

from schemas.errors import Parked, RevmarkError, Throttled, Transient

AGAIN = "then: revmark check"


def passing(error: RevmarkError) -> bool:
    """Whether it is over by itself, or once the line is mended: it says nothing about what was asked."""
    return isinstance(error, Transient | Throttled) or (isinstance(error, Parked) and error.passes)


def advice(error: RevmarkError, url: str, step: str) -> str:
    """The next step: `step` where the platform has said no, otherwise what brings an answer from `url`."""
    if isinstance(error, Transient):
        return f"see that this machine reaches {url} and that it is the right address, {AGAIN}"
    if isinstance(error, Throttled | Parked) and passing(error):
        return f"wait until {error.until:%Y-%m-%d %H:%M} UTC (the credentials are not in question), {AGAIN}"
    return step


def called(platform: str, error: RevmarkError) -> str:
    """The finding's name: credentials are named only where they were looked at and refused."""
    return f"{platform} connection" if passing(error) else f"{platform} credentials"
