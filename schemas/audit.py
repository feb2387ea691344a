"""An audit: one revenue day, counted and summed from the platforms themselves, and compared document by document.

`Paper` is one document as one side shows it, on the way from a platform to the judgement; the rest is what comes of it.
A day is the documents' own date, which both platforms keep without a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import Field

from schemas.instants import Day, Instant
from schemas.money import Amount
from schemas.names import Side
from schemas.wire import Wire

PaperKind = Literal["invoice", "credit_note", "payment", "refund"]
PAPER_KINDS: tuple[PaperKind, ...] = ("invoice", "credit_note", "payment", "refund")
DiscrepancyClass = Literal["missing", "duplicate", "late", "amount", "currency", "date", "void", "rounding"]
Figure = Literal[
    "document", "status", "currency", "total", "date", "amount_paid", "amount_credited", "amount_due", "stream"
]
Act = Literal["read", "wait", "person"]


@dataclass(frozen=True, slots=True)
class Settlement:
    """A payment or credit inside its invoice. `dead`: it was taken back.

    `record_kind`: the kind of the ERP's record, where it is not what `kind` says: money in advance counts as credited.
    """

    kind: PaperKind
    key: str
    day: str
    amount: Decimal
    number: str = ""
    dead: bool = False
    record_kind: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """One document as one side shows it.

    `key` is the ERP's id of it, empty where the CRM's record does not say it; `invoice` is that of the invoice that a
    payment or credit stands on. `counted`: posted and not void. Amounts that a side does not hold are None. `modified`
    is the platform's time of its last change, in milliseconds since 1970.
    """

    side: Side
    kind: PaperKind
    ref: str
    key: str
    number: str
    day: str
    currency: str
    total: Decimal
    counted: bool
    status: str = ""
    paid: Decimal | None = None
    credited: Decimal | None = None
    due: Decimal | None = None
    modified: int = 0
    invoice: str = ""
    customer: str = ""
    reference: str = ""
    settlements: tuple[Settlement, ...] = ()


class Shown(Wire):
    """A document as a report names it."""

    ref: str
    kind: PaperKind
    number: str = ""
    day: str = ""
    currency: str = ""
    amount: Amount | None = None
    status: str = ""


class Mend(Wire):
    """What puts a discrepancy right, and who does it."""

    act: Act = Field(description="read: Revmark, when told; wait: it comes by itself; person: only a person can")
    says: str
    command: str = ""


class Discrepancy(Wire):
    """A difference between the sides, with the documents behind it. `difference` is the CRM's figure less the ERP's.

    Of the figure `stream`, where the stream counts something else than a platform shows, it is the platform's less the
    stream's, and only that platform's document is named.
    """

    id: str
    night: Day
    kind: DiscrepancyClass
    figure: Figure
    currency: str
    difference: Amount
    crm: Shown | None = None
    erp: Shown | None = None
    causes: list[Shown] = Field(default_factory=list, description="payments and credits that make up the difference")
    says: str
    mend: Mend


class Sum(Wire):
    """How many documents a side has, and what they come to."""

    count: int = 0
    total: Amount = Decimal(0)


class Tally(Wire):
    """One line of totals. A side that does not keep such documents, or was not asked, is null."""

    currency: str
    subsidiary: str = ""
    kind: PaperKind
    crm: Sum | None = None
    erp: Sum | None = None
    stream_crm: Sum | None = None
    stream_erp: Sum | None = None
    crm_seal: str = Field(default="", description="digest of the documents behind `crm`, in any order; none: empty")
    erp_seal: str = Field(default="", description="the same of `erp`")

    @property
    def behind(self) -> bool:
        """Whether the stream counts something else than a platform shows."""
        pairs = ((self.stream_crm, self.crm), (self.stream_erp, self.erp))
        return any(said is not None and said != (shown or Sum()) for said, shown in pairs)


class Signature(Wire):
    """A person's word that a night's totals are right. Topic `signatures`, keyed by tenant and night; compacted."""

    tenant: str
    night: Day
    who: str
    at: Instant
    why: str = Field(default="", description="why it was signed with variances, or signed again")
    contract: str
    tallies: list[Tally] = Field(default_factory=list)
    variances: list[str] = Field(default_factory=list, description="ids of those that stood when it was signed")
    earlier: list[str] = Field(default_factory=list, description="who had signed before, and when")
    heard: list[Tally] | None = Field(
        default=None, description="what the stream had of the night's payments, credit notes and refunds; null: unasked"
    )


class Audit(Wire):
    """What came of a night: totals, and each difference by its documents."""

    tenant: str
    night: Day
    at: Instant
    contract: str
    tallies: list[Tally] = Field(default_factory=list)
    discrepancies: list[Discrepancy] = Field(default_factory=list)
    documents: dict[str, int] = Field(default_factory=dict, description="platform -> documents read")
    calls: dict[str, int] = Field(default_factory=dict, description="platform -> calls it took")
    gaps: list[str] = Field(default_factory=list, description="what could not be read; totals are without it")
    against: list[Literal["hubspot", "stream"]] = Field(
        default=["hubspot"], description="what Xero's documents were compared with; none: nothing was compared"
    )
    notes: list[str] = Field(default_factory=list, description="what a reader should know, and is no difference")
    signed: Signature | None = None
    alarms: list[str] = Field(default_factory=list, description="totals that changed after they were signed")
    touched: list[Shown] = Field(default_factory=list, description="documents that changed after the signature")
    stirred: list[str] = Field(
        default_factory=list, description="other signed nights of which the stream counts something else since"
    )

    @property
    def agreed(self) -> bool:
        """Whether both sides were read, nothing differs, the stream counts the same, and what was signed stands."""
        return "hubspot" in self.against and not self.gaps and not self.needs_person

    @property
    def needs_person(self) -> bool:
        """Whether anything was found."""
        return bool(self.discrepancies or self.alarms or self.stirred) or any(each.behind for each in self.tallies)

    def apart(self) -> Iterator[tuple[str, Decimal]]:
        """What the sides differ by, by currency: differences add up without their signs, so that none hides another."""
        sums: dict[str, Decimal] = {}
        for each in self.discrepancies:
            sums[each.currency] = sums.get(each.currency, Decimal(0)) + abs(each.difference)
        yield from sorted(sums.items())
