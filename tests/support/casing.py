"""A case of Acme in memory, for rules that are asked one at a time."""

from __future__ import annotations

from typing import Any

from agents.rules.case import Case
from agents.rules.result import Result
from schemas.command import Command, Withdrawal, parse_work
from schemas.revenue import RevenueEvent
from schemas.totals import DocumentVersion
from schemas.verdict import Verdict
from tables.customers import CustomerState
from tables.view import MemoryView
from tests.support.contracts import shipped
from tests.support.judging import ACME, at

__all__ = ["a_case", "asked", "documents", "said", "told"]


def a_case(**more: Any) -> Case:
    """A case under the shipped contract, with nothing known of the customer but its name."""
    parts: dict[str, Any] = {
        "contract": shipped(),
        "tenant": "main",
        "customer": CustomerState(id=ACME, name="Acme"),
        "at": at(60),
        "records": MemoryView(),
        "result": Result(),
    }
    return Case(**(parts | more))


def _of(case: Case, topic: str) -> list[bytes]:
    return [output.value for output in case.result.outputs if output.topic == topic]


def said(case: Case) -> list[Verdict]:
    """The verdicts of a case."""
    return [Verdict.from_bytes(value) for value in _of(case, "decisions")]


def told(case: Case) -> list[RevenueEvent]:
    """The occurrences of a case."""
    return [RevenueEvent.from_bytes(value) for value in _of(case, "occurrences")]


def documents(case: Case) -> list[DocumentVersion]:
    """The document versions of a case."""
    return [DocumentVersion.from_bytes(value) for value in _of(case, "documents")]


def asked(case: Case) -> list[Command]:
    """The writes that a case asks for."""
    return [each for each in _works(case) if isinstance(each, Command)]


def withdrawn(case: Case) -> list[Withdrawal]:
    """What a case takes back of what was asked for."""
    return [each for each in _works(case) if isinstance(each, Withdrawal)]


def _works(case: Case) -> list[object]:
    return [parse_work(output.value) for output in case.result.outputs if output.topic.startswith("lanes.")]
