"""A run: its mark, what it has made and what of that is gone. Pure, but for the folder that keeps it.

In: an id. Out: names that people recognise, and a small file from which an interrupted run is cleaned.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path

from schemas.errors import Refused
from schemas.wire import decode, encode

ID = re.compile(r"[0-9a-f]{8}")
MARK = "Revmark verification"
QUANTITY, PRICE = Decimal(3), Decimal("12.34")  # a sum on which a rounding of tax can be seen
# Where no mail arrives: RFC 2606 keeps it for examples, and HubSpot takes it as an address.
MAIL = "example.com"


@dataclass(slots=True)
class Run:
    """One verification.

    `prefix` is of its invoice's number, `made` is id by role, as `hubspot/company`; `removed` are the roles that are
    gone again.
    """

    id: str
    began: str
    accounts: dict[str, str] = field(default_factory=dict)
    prefix: str = ""
    made: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What the company, the deal and the product are called."""
        return f"{MARK} {self.id}"

    @property
    def sku(self) -> str:
        """The product's; Xero takes 30 characters."""
        return f"RV-{self.id}"

    @property
    def email(self) -> str:
        """The person's."""
        return f"revmark-verification-{self.id}@{MAIL}"

    @property
    def left(self) -> dict[str, str]:
        """What was made and is still there."""
        return {role: found for role, found in self.made.items() if role not in self.removed}


@dataclass(frozen=True, slots=True)
class Shelf:
    """The runs that this machine has begun and not cleaned, one file each."""

    folder: Path

    def keep(self, run: Run) -> None:
        """Write a run down, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f"{run.id}.new"
        fresh.write_bytes(encode(asdict(run)))
        fresh.replace(self._path(run.id))

    def find(self, name: str) -> Run | None:
        """A run by its id; None where this machine did not begin it.

        Raises:
            Refused: that is no id, or its file is not one of ours.
        """
        if ID.fullmatch(name) is None:
            raise Refused(f"{name!r} is no run: it is eight of 0-9 and a-f, as the company's name ends", code="usage")
        try:
            return Run(**decode(self._path(name).read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise Refused(
                f"{self._path(name)} cannot be read. Remove it: the run is then found on both platforms by its name",
                code="usage",
            ) from error

    def forget(self, run: Run) -> None:
        """Nothing of it is left."""
        self._path(run.id).unlink(missing_ok=True)

    def open(self) -> list[str]:
        """The ids of the runs that are not cleaned, by name."""
        return sorted(path.stem for path in self.folder.glob("*.json") if ID.fullmatch(path.stem))

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"
