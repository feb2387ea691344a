"""Signatures: a person's word that a night is right, kept where it outlives this machine.

In: an audit, a name. Out: a signature on its topic. Invariants: what was not read whole is not signed; whoever signs
with variances, or signs again what has changed, says why, and who signed before stays named.
"""

from __future__ import annotations

from datetime import UTC, datetime

from console.output import moment
from console.projection.delivery import topics_of
from console.word import Place, place
from schemas.audit import Audit, Signature, Tally
from schemas.errors import Refused
from streams.settings import Settings


def signature(audit: Audit, who: str, why: str, *, over: bool, heard: list[Tally] | None = None) -> Signature:
    """What is signed. `over`: the day has passed; `heard`: what the stream has of payments, credit notes and refunds.

    Raises:
        Refused: it cannot be signed; the message says why and what to run.
    """
    again = f"revmark reconcile --night {audit.night}"
    who, why = who.strip(), why.strip()
    if not who:
        raise Refused("a signature needs a name: --sign NAME", code="usage")
    if not over:
        raise Refused(f"{audit.night} is not over: documents may still come. Nothing was signed", code="early")
    if audit.gaps:
        raise Refused(f"not all could be read, so nothing was signed. Next: {again}", code="gaps")
    if audit.signed is not None and not audit.alarms and not why:
        raise Refused(
            f"it was signed by {audit.signed.who} on {moment(audit.signed.at)} UTC, and nothing changed. To sign it "
            "again say why: --why TEXT",
            code="signed",
        )
    if (audit.discrepancies or audit.alarms) and not why:
        what = "has changed since it was signed" if audit.alarms else f"has {len(audit.discrepancies)} variances"
        raise Refused(f"the night {what}: to sign it all the same say why: --why TEXT", code="why")
    before = audit.signed
    earlier = [*before.earlier, f"{before.who}, {moment(before.at)} UTC"] if before is not None else []
    return Signature(
        tenant=audit.tenant,
        night=audit.night,
        who=who,
        at=datetime.now(UTC),
        why=why,
        contract=audit.contract,
        tallies=audit.tallies,
        variances=[each.id for each in audit.discrepancies],
        earlier=earlier,
        heard=heard,
    )


async def sign(settings: Settings, word: Signature) -> Place:
    """Keep a signature.

    Raises:
        Transient: the broker does not answer, or no worker has made the topic yet.
    """
    return await place(settings, topics_of(settings).signatures, f"{word.tenant}|{word.night}", word)
