"""Errors, grouped by what one does about them.

RevmarkError
├── Transient        try again now, a few times
├── Throttled        the platform said wait: not before `until`; attempts are not burnt
├── Parked           the connection stands still until `until` (or until a person acts), with `why`
├── Refused          this record or command can never pass as it is: quarantine it, go on with its neighbours
├── Unknown          a write was sent and its answer lost: look it up before anything else
├── Stale            the record moved on: read it again
└── Fatal            nothing here can go on: stop the worker before anything is acknowledged
    ├── ContractError    the contract does not load or lint
    └── SettingsError    the deployment's settings do not hold together

A message says what happened, what state is left and the command to run next.
"""

from __future__ import annotations

from datetime import datetime

__all__ = [
    "ContractError",
    "Fatal",
    "Parked",
    "Refused",
    "RevmarkError",
    "SettingsError",
    "Stale",
    "Throttled",
    "Transient",
    "Unknown",
]


class RevmarkError(Exception):
    """Base of every error that Revmark raises on purpose."""

    def __init__(self, message: str, *, code: str = "") -> None:
        """Keep `message` for people and `code` (a short stable word or HTTP status) for the ledger."""
        super().__init__(message)
        self.message = message
        self.code = code


class Transient(RevmarkError):
    """A hiccup: the same call may pass in a moment, and nothing was written."""


class Throttled(RevmarkError):
    """The platform's quota is spent for now."""

    def __init__(self, message: str, *, until: datetime, code: str = "") -> None:
        """Keep the aware UTC time before which no call may be made."""
        super().__init__(message, code=code)
        self.until = until


class Parked(RevmarkError):
    """The whole connection has to stand still: revoked grant, missing property, daily cap."""

    def __init__(self, message: str, *, until: datetime, code: str = "", passes: bool = False) -> None:
        """Keep the aware UTC time of the next probe; `passes`: it is over by then, and nobody has to do anything."""
        super().__init__(message, code=code)
        self.until = until
        self.passes = passes


class Refused(RevmarkError):
    """The platform, a schema or a guard says no to this one record."""


class Unknown(RevmarkError):
    """The write may or may not have happened."""


class Stale(RevmarkError):
    """The decision was made on a version that is no longer there."""


class Fatal(RevmarkError):
    """The process has to end before it acknowledges anything."""


class ContractError(Fatal):
    """The Revenue Data Contract cannot be used; the message names file, key and nearest known key."""


class SettingsError(Fatal):
    """The deployment's settings cannot be used."""
