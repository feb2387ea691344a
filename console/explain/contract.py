"""The contract as the command line and the page read it: the file, its rules, and the line of each.

Workers judge by the contract that they were started with; every verdict names its digest, so that a difference shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from console.explain.document import Line
from schemas.contract import Contract, load_contract
from schemas.contract.places import Places
from schemas.errors import ContractError

KEPT = 4  # files: a page reads one, again and again


@dataclass(frozen=True)
class Agreed:
    """One contract file."""

    path: Path
    contract: Contract
    places: Places

    def line(self, path: str) -> Line:
        """Where the contract says it."""
        found = self.places.find(path)
        if found is None:
            return Line(path=path, written=False)
        return Line(path=path, file=str(self.path), line=found.line, text=found.text, written=found.written)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """There is no contract to go by; what is on the topics is shown all the same."""

    why: str


def read(path: Path) -> Agreed | Unreadable:
    """The contract at `path`, read once for each time that it was saved."""
    try:
        stamp = path.stat()
        return _read(path, stamp.st_mtime_ns, stamp.st_size)
    except OSError as error:
        return Unreadable(
            f"no contract at {path} ({error.strerror or error}): set REVMARK_CONTRACT to the workers' one"
        )
    except ContractError as error:
        return Unreadable(error.message)


@lru_cache(maxsize=KEPT)
def _read(path: Path, _saved: int, _size: int) -> Agreed:
    contract = load_contract(path)
    return Agreed(path, contract, Places(path.read_text(encoding="utf-8")))
