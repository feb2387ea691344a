"""Minutes: what is said about who is who, as verdicts under the rule `identity`.

In: what a tenancy has found or a person has said. Out: verdicts, each with an id of its own words, so that the same one
said twice counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.rules.likeness import Row
from agents.rules.placing import Waits
from agents.rules.result import Result
from agents.rules.succession import Stranded
from schemas.change import Link
from schemas.contract import Contract
from schemas.instants import from_millis, to_millis
from schemas.names import Entity, Side, digest
from schemas.verdict import Ruling, Verdict
from tables.identity import Identity

REASONS = {
    "moved": "it belongs to another customer, where its balance stands; what moved has to be settled in both systems",
    "conflict": "another record already carries this id; give it the right one, or merge the two",
    "stays": "it was billed before its company became another customer's: it stays with the customer that was billed",
    "unattached": "it has no company: associate one",
}


@dataclass(slots=True)
class Minutes:
    """The minutes of one tenant."""

    contract: Contract
    tenant: str
    identity: Identity
    result: Result

    def waits(self, row: Row, waits: Waits) -> None:
        """A record cannot go on, and a person can change that."""
        self.note(row, "wait", REASONS[waits.why] + (f" ({', '.join(waits.on)})" if waits.on else ""))

    def nameless(self, row: Row, twin: str) -> None:
        """A record names one of the other side that is not there."""
        self.note(row, "wait", f"it names {twin}, which does not exist: correct the id, or clear it")

    def stays(self, row: Row) -> None:
        """A deal stays with the customer that was billed for it."""
        self.note(row, "hold", REASONS["stays"])

    def strand(self, stranded: Stranded, seen_at: int) -> None:
        """A person is asked about the counterpart of a record that was merged into one with another link."""
        if not self.identity.ask(stranded.ref, stranded.survivor):
            return
        pair = (stranded.survivor, stranded.ref)
        crm, erp = pair if stranded.side is Side.ERP else pair[::-1]
        if self.identity.parted(crm, erp):
            return
        platform = stranded.ref.split("/", 1)[0]
        reason = (
            f"what it was linked with was merged into {stranded.survivor}, which is linked with {stranded.linked}: "
            f"{stranded.ref} stays as it is, with its documents. If the two are one, merge {stranded.ref} into "
            f"{stranded.linked} in {platform}; if not: revmark links relink, or revmark link {crm} {erp} --no"
        )
        row = _named(stranded.ref, stranded.side, seen_at)
        self.note(row, "propose", reason, crm=crm, erp=erp, record=f"{crm}+{erp}")

    def propose(self, row: Row, candidates: Sequence[str]) -> None:
        """A person is asked about each record of the other side that may be this one."""
        for other in candidates:
            mine_left = row["side"] == Side.CRM.value
            crm, erp = (row["ref"], other) if mine_left else (other, row["ref"])
            reason = f"same domain or name: {crm} and {erp} may be one. Say so with: revmark link {crm} {erp} --yes"
            self.note(row, "propose", reason, crm=crm, erp=erp, record=f"{crm}+{erp}")

    def answered(self, row: Row) -> None:
        """What a person was asked about a record is answered by its merge."""
        survivor = self.identity.asked(row["ref"])
        if survivor is not None:
            crm, erp = (survivor, row["ref"]) if row["side"] == Side.ERP.value else (row["ref"], survivor)
            reason = f"{row['ref']} was merged into {self.identity.follow(row['ref'])}: there is nothing left to decide"
            self.note(row, "refuse", reason, crm=crm, erp=erp, record=f"{crm}+{erp}")

    def said(self, link: Link, ruling: Ruling, reason: str, record: str) -> None:
        """Say what a person has decided about two records."""
        row = _named(link.left, Side.CRM, to_millis(link.seen_at))
        self.note(row, ruling, reason, record=record, crm=link.left, erp=link.right, by=link)

    def note(
        self,
        row: Row,
        ruling: Ruling,
        reason: str,
        *,
        record: str = "",
        crm: str | None = None,
        erp: str | None = None,
        by: Link | None = None,
    ) -> None:
        """Say what was decided about who is who; again only where a person says it `by` another word."""
        record = record or row["ref"]
        verdict = Verdict(
            id=digest(self.tenant, record, ruling, reason, *([by.seen_at.isoformat()] if by else [])),
            tenant=self.tenant,
            customer="",
            entity=row["entity"],
            record=record,
            label=str(row["fields"].get("name") or row["fields"].get("number") or row["ref"]),
            ruling=ruling,
            rule="identity",
            reason=reason,
            crm=crm,
            erp=erp,
            who=by.who if by else "",
            why=by.why if by else "",
            versions={row["side"]: row["version"]},
            contract=self.contract.digest,
            at=from_millis(row["seen_at"]),
        )
        self.result.emit("decisions", f"{self.tenant}|{record}", verdict)


def _named(reference: str, side: Side, seen_at: int) -> Row:
    """A company's record that is only spoken of."""
    kept: Row = {"entity": Entity.COMPANY.value, "ref": reference, "side": side.value, "fields": {}}
    return kept | {"version": 0, "seen_at": seen_at}
