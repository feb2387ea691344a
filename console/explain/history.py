"""History: every verdict about a record, with its rule in words, its evidence and the write that followed."""

from __future__ import annotations

from collections.abc import Sequence

from agents.meaning import meaning
from console.explain.document import Step, Write
from console.explain.writes import followed
from console.projection.store import Store
from schemas.contract import Contract
from schemas.instants import from_millis
from schemas.ledger import LedgerEntry
from schemas.verdict import Verdict


def verdicts(store: Store, record: str, references: Sequence[str]) -> list[Verdict]:
    """Verdicts about a record and about its references, whichever way they were linked; oldest first."""
    names = [record, *references]
    marks = ", ".join("?" * len(names))
    rows = store.rows(
        f"SELECT record, body FROM decisions WHERE record IN ({marks}) OR instr(record, '+') > 0 ORDER BY at, seq",  # noqa: S608 - marks alone
        names,
    )
    wanted = set(names)
    return [
        Verdict.model_validate_json(row["body"]) for row in rows if wanted & {row["record"], *row["record"].split("+")}
    ]


def entries(store: Store, record: str) -> list[LedgerEntry]:
    """The record's commands, oldest first."""
    rows = store.rows("SELECT body FROM ledger WHERE record = ? ORDER BY seq", [record])
    found = [LedgerEntry.model_validate_json(row["body"]) for row in rows]
    return sorted(found, key=lambda entry: entry.command.at)


def steps(
    found: Sequence[Verdict], ledger: Sequence[LedgerEntry], writes: dict[str, Write], contract: Contract | None
) -> list[Step]:
    """The history, newest first."""
    return [_step(each, followed(each, ledger, writes), contract) for each in reversed(found)]


def _step(verdict: Verdict, write: Write | None, contract: Contract | None) -> Step:
    return Step(
        id=verdict.id,
        at=verdict.at,
        field=verdict.field,
        ruling=verdict.ruling,
        rule=verdict.rule,
        meaning=meaning(verdict.rule, contract),
        reason=verdict.reason,
        agreed=verdict.baseline,
        crm=verdict.crm,
        erp=verdict.erp,
        chosen=verdict.chosen,
        written_to=verdict.written_to,
        versions={side: from_millis(version) for side, version in verdict.versions.items() if version > 0},
        contract=verdict.contract,
        write=write,
    )
