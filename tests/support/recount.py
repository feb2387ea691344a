"""An independent replay: the recorded topics through the step functions into empty state, compared with the tables.

Invariant I10: rebuilding from topics and empty state gives byte-equal tables, and every command that a replay asks for
is already settled in the ledger, so that no platform is called.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agents.rules.result import Result
from agents.steps.arbitrate import Arbitrate
from agents.steps.capture import Capture
from agents.steps.publish import Publish
from agents.steps.reconcile import Reconcile
from schemas.contract import Contract
from schemas.wire import decode
from streams.engine.view import View, decode_key
from streams.platforms.registry import translators

Records = dict[int, list[tuple[bytes | None, bytes | None]]]  # partition -> key and value, in order


def compacted(records: Records) -> dict[str, Any]:
    """What a table's changelog says in the end; its keys are JSON texts."""
    last = {key or b"null": value for partition in records.values() for key, value in partition}
    return {str(decode(key)): decode(value) for key, value in last.items() if value is not None}


def empty() -> View:
    """A table in which nothing is yet, as a batch looks at it."""
    return View({}.get)


def rows_of(view: View) -> dict[str, Any]:
    """The rows of a table that began empty."""
    return {decode_key(key): decode(value) for key, value in view.staged.items() if value is not None}


def drawer(rows: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The rows of one drawer of a table."""
    return {key.removeprefix(f"{prefix}|"): value for key, value in rows.items() if key.startswith(f"{prefix}|")}


def replay_capture(contract: Contract, changes: Records) -> tuple[dict[str, Any], dict[str, Any], Result]:
    """Versions and identities after all changes."""
    versions, identity, result = empty(), empty(), Result()
    step = Capture(contract, translators(contract))
    for values in _values(changes):
        result.add(step(values, versions, identity))
    return rows_of(versions), rows_of(identity), result


def replay_arbitrate(contract: Contract, facts: Records) -> tuple[dict[str, Any], dict[str, Any], Result]:
    """Records and customers after all facts and outcomes."""
    records, customers, result = empty(), empty(), Result()
    step = Arbitrate(contract)
    for values in _values(facts):
        result.add(step(values, records, customers))
    return rows_of(records), rows_of(customers), result


def replay_reconcile(documents: Records) -> tuple[dict[str, Any], dict[str, Any]]:
    """Documents and windows after all document versions."""
    books, sums = empty(), empty()
    for values in _values(documents):
        Reconcile()(values, books, sums)
    return rows_of(books), rows_of(sums)


def replay_publish(occurrences: Records) -> dict[str, Any]:
    """What has been published after all occurrences."""
    published = empty()
    for values in _values(occurrences):
        Publish()(values, published)
    return rows_of(published)


def commands(result: Result) -> set[str]:
    """The ids of all commands that a step asked for."""
    works = [decode(output.value) for output in result.outputs if output.topic.startswith("lanes.")]
    return {each["id"] for each in works if each["type"] == "command"}


def _values(records: Records) -> Iterable[list[bytes | None]]:
    return ([value for _key, value in records[partition]] for partition in sorted(records))
