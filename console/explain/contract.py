"""The contract as the command line and the page read it: the file, its rules, and the line of each.

Workers judge by the contract that they were started with; every verdict names its digest, so that a difference shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from console.explain.document import Line
from schemas.contract import Contract
from schemas.contract.loader import located
from schemas.contract.sources import Place, Source
from schemas.errors import ContractError

KEPT = 4  # contracts: a page reads one, again and again


@dataclass(frozen=True)
class Agreed:
    """One contract, of one or more files."""

    path: Path
    contract: Contract
    source: Source
    _texts: dict[str, list[str]] = field(default_factory=dict)

    def line(self, path: str) -> Line:
        """Where the contract says it, or the nearest key above it, whose default holds."""
        where = tuple(path.split("."))
        found = self.source.place(where)
        if found is None:
            return Line(path=path, written=False)
        written = where in self.source.places
        return Line(path=path, file=found.file, line=found.line, text=self._text(found), written=written)

    def _text(self, place: Place) -> str:
        if place.file not in self._texts:
            self._texts[place.file] = Path(place.file).read_text(encoding="utf-8").splitlines()
        lines = self._texts[place.file]
        return lines[place.line - 1].strip() if place.line <= len(lines) else ""  # it was saved anew since


@dataclass(frozen=True, slots=True)
class Unreadable:
    """There is no contract to go by; what is on the topics is shown all the same."""

    why: str


_read: dict[Path, tuple[tuple[int, ...], Agreed]] = {}


def read(path: Path) -> Agreed | Unreadable:
    """The contract at `path`, read once for each time that one of its files was saved."""
    known = _read.get(path)
    try:
        if known is not None and known[0] == _stamp(known[1]):
            return known[1]
        contract, source = located(path)
        agreed = Agreed(path, contract, source)
        if len(_read) >= KEPT:
            _read.clear()
        _read[path] = (_stamp(agreed), agreed)
    except OSError as error:
        _read.pop(path, None)
        return Unreadable(
            f"no contract at {path} ({error.strerror or error}): set REVMARK_CONTRACT to the workers' one"
        )
    except ContractError as error:
        return Unreadable(f"{error.message}. Here REVMARK_CONTRACT is {path}")
    return agreed


def required(path: Path) -> Contract:
    """The contract at `path`, for what cannot go on without one.

    Raises:
        ContractError: it cannot be read.
    """
    found = read(path)
    if isinstance(found, Unreadable):
        raise ContractError(found.why, code="contract")
    return found.contract


def _stamp(agreed: Agreed) -> tuple[int, ...]:
    """When each of its files was saved."""
    files = sorted({place.file for place in agreed.source.places.values()} | {str(agreed.path)})
    return tuple(Path(each).stat().st_mtime_ns for each in files)
