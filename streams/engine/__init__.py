"""Faust that works on record batches: the safe core everything stands on.

Flows in: records of topics, a partition at a time. Flows out: records, table state with its changelog, commits.
Invariant: an offset is committed only after everything its records caused is acknowledged by the broker.
The package could be published alone: it imports nothing of Revmark. docs/engine.md tells the whole on one page.
"""

from streams.engine.application import EngineApp
from streams.engine.batch import RecordBatch
from streams.engine.errors import (
    BrokerUnreachable,
    DeliveryFailed,
    EngineError,
    FolderInUse,
    FolderRefused,
    Misconfigured,
    PortRefused,
    Revoked,
    TooLarge,
)
from streams.engine.record import Record
from streams.engine.stream import BatchStream
from streams.engine.table import BatchTable
from streams.engine.topic import BatchTopic
from streams.engine.tumbling import Tumbling
from streams.engine.view import View
from streams.engine.window_table import WindowTable
from streams.engine.windows import Outcome, Window, Windows

__all__ = [
    "BatchStream",
    "BatchTable",
    "BatchTopic",
    "BrokerUnreachable",
    "DeliveryFailed",
    "EngineApp",
    "EngineError",
    "FolderInUse",
    "FolderRefused",
    "Misconfigured",
    "Outcome",
    "PortRefused",
    "Record",
    "RecordBatch",
    "Revoked",
    "TooLarge",
    "Tumbling",
    "View",
    "Window",
    "WindowTable",
    "Windows",
]
