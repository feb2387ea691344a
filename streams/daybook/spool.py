"""The spool: a day's documents on disk, so that they can be compared without all of them being in memory.

In: documents in any order, the same one twice or not. Out: what is still to be read, and documents in parts. Invariant:
documents that may have to do with each other come in the same part.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import orjson

from schemas.audit import Paper, Settlement
from schemas.money import exact, plain
from schemas.names import Side

PART = 2_000  # documents compared at a time: some five megabytes
AMOUNTS = ("total", "paid", "credited", "due")
_TABLE = """
CREATE TABLE papers (
    ref TEXT PRIMARY KEY, side TEXT, kind TEXT, key TEXT, number TEXT, invoice TEXT, likeness TEXT, counted INT,
    place TEXT, body BLOB
) WITHOUT ROWID;
CREATE INDEX papers_by_key ON papers (key, side);
CREATE INDEX papers_by_number ON papers (number, side);
CREATE INDEX papers_by_likeness ON papers (likeness) WHERE likeness != '';
CREATE INDEX papers_by_place ON papers (place);
"""
# The same words as `agents.rules.gathering`: a mirror belongs to the invoice whose id it carries, else to the one whose
# number it carries; an invoice that nobody mirrors may be another one that was entered twice.
_PLACES = """
UPDATE papers SET place = CASE WHEN kind = 'invoice' OR invoice = '' THEN key ELSE invoice END WHERE side = 'erp';
UPDATE papers SET place = coalesce(
    (SELECT erp.key FROM papers erp WHERE erp.side = 'erp' AND erp.kind = 'invoice' AND papers.key != ''
        AND erp.key = papers.key),
    (SELECT erp.key FROM papers erp WHERE erp.side = 'erp' AND erp.kind = 'invoice' AND papers.number != ''
        AND erp.number = papers.number ORDER BY erp.counted DESC, erp.ref LIMIT 1),
    nullif(key, ''), ref) WHERE side = 'crm';
UPDATE papers SET place = 'like ' || likeness WHERE likeness != '' AND likeness IN
    (SELECT likeness FROM papers WHERE likeness != '' GROUP BY likeness HAVING count(*) > 1);
UPDATE papers SET place = (SELECT erp.place FROM papers erp WHERE erp.side = 'erp' AND erp.kind = 'invoice'
    AND erp.key = papers.place) WHERE EXISTS (SELECT 1 FROM papers erp WHERE erp.side = 'erp'
    AND erp.kind = 'invoice' AND erp.key = papers.place AND erp.place != erp.key);
"""
Want = Literal["invoices", "mirrors", "numbers"]
_WANTED: dict[Want, str] = {
    # invoices that a payment, a credit or a mirror names, and that are of another day
    "invoices": """SELECT DISTINCT named FROM (SELECT invoice AS named FROM papers WHERE invoice != '' UNION
        SELECT key FROM papers WHERE side = 'crm' AND key != '') WHERE named NOT IN
        (SELECT key FROM papers WHERE side = 'erp' AND kind = 'invoice') ORDER BY 1""",
    # invoices that no mirror of the day is of
    "mirrors": """SELECT key FROM papers WHERE side = 'erp' AND kind = 'invoice' AND counted = 1
        AND key NOT IN (SELECT key FROM papers WHERE side = 'crm') ORDER BY 1""",
    # numbers of mirrors that do not say whose they are
    "numbers": """SELECT DISTINCT number FROM papers WHERE side = 'crm' AND key = '' AND number NOT IN
        (SELECT number FROM papers WHERE side = 'erp' AND kind = 'invoice') ORDER BY 1""",
}


class Spool:
    """Documents in a file that goes with the spool."""

    def __init__(self, folder: Path | None = None) -> None:
        """Begin empty, in a folder of its own below `folder`, or below the system's for such files."""
        self._folder = TemporaryDirectory(prefix="revmark-daybook-", dir=folder)
        self._file = sqlite3.connect(Path(self._folder.name) / "papers.sqlite", isolation_level=None)
        self._file.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLE}")

    def close(self) -> None:
        """Remove the file."""
        self._file.close()
        self._folder.cleanup()

    def put(self, papers: Iterable[Paper]) -> None:
        """Keep documents; the same one again takes the place of the first."""
        self._file.execute("BEGIN")
        self._file.executemany(
            "INSERT OR REPLACE INTO papers VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?)", map(_row, papers)
        )
        self._file.execute("COMMIT")

    def drop(self, keys: Iterable[str]) -> None:
        """Forget documents, on both sides, by the ERP's ids."""
        self._file.executemany("DELETE FROM papers WHERE key = ?", ([each] for each in keys if each))

    def count(self, side: Side) -> int:
        """How many documents of a side are there."""
        (found,) = self._file.execute("SELECT count(*) FROM papers WHERE side = ?", [side.value]).fetchone()
        return int(found)

    def wanted(self, what: Want) -> list[str]:
        """What is still to be read: ids of the ERP's, or numbers."""
        return [str(row[0]) for row in self._file.execute(_WANTED[what])]

    def parts(self, size: int = PART) -> Iterator[tuple[list[Paper], list[Paper]]]:
        """The CRM's and the ERP's documents, some at a time; a part ends where those that belong together do."""
        self._file.executescript(_PLACES)
        crm: list[Paper] = []
        erp: list[Paper] = []
        last = ""
        for place, body in self._file.execute("SELECT place, body FROM papers ORDER BY place, ref"):
            if place != last and len(crm) + len(erp) >= size:
                yield crm, erp
                crm, erp = [], []
            last = place
            paper = _paper(body)
            (crm if paper.side is Side.CRM else erp).append(paper)
        yield crm, erp


def _row(paper: Paper) -> tuple[Any, ...]:
    alike = (paper.customer, paper.day, paper.reference, paper.currency, plain(paper.total))
    sold = paper.side is Side.ERP and paper.kind == "invoice" and paper.counted and paper.reference
    likeness = "\x1f".join(alike) if sold else ""
    return (
        paper.ref, paper.side.value, paper.kind, paper.key, paper.number, paper.invoice, likeness, int(paper.counted),
        orjson.dumps(asdict(paper), default=plain),
    )  # fmt: skip


def _paper(body: bytes) -> Paper:
    row: dict[str, Any] = orjson.loads(body)
    row |= {name: exact(row[name]) for name in AMOUNTS if row[name] is not None}
    inside = tuple(Settlement(**{**each, "amount": exact(each["amount"])}) for each in row["settlements"])
    return Paper(**{**row, "side": Side(row["side"]), "settlements": inside})
