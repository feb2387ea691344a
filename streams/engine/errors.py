"""What can go wrong in the engine.

EngineError
├── Revoked             the partition is no longer ours: drop the batch, its new owner reads it again
├── TooLarge            a record no broker would take: the agent may quarantine what caused it
├── DeliveryFailed      the broker did not acknowledge: the process ends, nothing was committed
├── Misconfigured       this worker can never run as it is set up
│   ├── FolderInUse     another worker owns the local state folder
│   ├── FolderRefused   the local state folder cannot be written: a full disk, missing rights
│   └── PortRefused     the port of the metrics cannot be listened on
└── BrokerUnreachable   no broker answered at the start
"""

__all__ = [
    "BrokerUnreachable",
    "DeliveryFailed",
    "EngineError",
    "FolderInUse",
    "FolderRefused",
    "Misconfigured",
    "PortRefused",
    "Revoked",
    "TooLarge",
]


class EngineError(Exception):
    """Whatever the engine raises."""


class Revoked(EngineError):
    """The batch's partition was taken away; nothing of it may be written or committed any more."""


class TooLarge(EngineError, ValueError):
    """A record is larger than a topic may hold."""


class DeliveryFailed(EngineError):
    """The broker did not acknowledge a record."""


class Misconfigured(EngineError):
    """The worker cannot run as it is set up."""


class FolderInUse(Misconfigured):
    """Another worker holds the local state folder."""


class FolderRefused(Misconfigured):
    """The local state folder cannot be written."""


class PortRefused(Misconfigured):
    """The port of the metrics is in use, or not ours to take."""


class BrokerUnreachable(EngineError):
    """No broker answered when the worker started."""
