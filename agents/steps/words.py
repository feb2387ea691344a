"""Words: what a person says about two records, carried out or refused.

In: links. Out: who is bound to whom, a verdict with who said it and why. Invariants: the same word twice changes
nothing the second time; documents of the ERP stay with the ERP's record, whoever is linked with it; what would leave
posted invoices behind is refused unless the person says that it may.
"""

from __future__ import annotations

from agents.rules.likeness import Row
from agents.steps.placement import Placement
from schemas.change import Link
from schemas.errors import Refused
from schemas.instants import to_millis
from schemas.names import CanonicalId, Entity, Side, canonical_id
from schemas.verdict import Ruling
from tables import versions


def spoken(work: Placement, link: Link) -> None:
    """Carry out one word.

    Raises:
        Refused: it cannot be done as things stand; nothing was changed.
    """
    match link.act:
        case "answer" if link.same:
            _join(work, link)
        case "answer":
            _part(work, link)
        case "relink":
            _relink(work, link)
        case "unlink":
            _unlink(work, link)


def _join(work: Placement, link: Link) -> None:
    """A proposal is accepted."""
    identity, (left, right) = work.identity, _parked(work, link)
    pair = (identity.known(link.left), identity.known(link.right))
    if all(pair) and pair[0] != pair[1]:
        said = f"{link.left} and {link.right} are linked to others already. To change that: revmark links relink"
        raise Refused(said, code="linked")
    if not (pair[0] or left) or not (pair[1] or right):
        raise Refused(f"{link.left} and {link.right} have not both been seen", code="unseen")
    known = pair[1] or pair[0]
    for side, reference in ((Side.CRM, link.left), (Side.ERP, link.right)):
        taken = identity.reference(known, side) if known else None
        if taken not in {None, reference}:
            raise Refused(f"{reference} cannot be linked: {taken} is already", code="linked")
    if known is None:
        known = work.rules.new(Entity.COMPANY, Side.ERP, link.right, right[0]).id
    identity.bind(link.right, known, known, Side.ERP)
    identity.bind(link.left, known, known, Side.CRM)
    row = (left or right)[0] if left or right else None
    if row:
        _say(work, link, "link", "are one", known)
    work.place(right + left)


def _part(work: Placement, link: Link) -> None:
    """A proposal is declined."""
    left, right = _parked(work, link)
    known = work.identity.known(link.left)
    if known is not None and known == work.identity.known(link.right):
        said = f"{link.left} and {link.right} are one already. To part them: revmark links unlink"
        raise Refused(said, code="linked")
    work.identity.part(link.left, link.right)
    _say(work, link, "refuse", "are two", f"{link.left}+{link.right}")
    work.place(right + left)


def _relink(work: Placement, link: Link) -> None:
    """The CRM's record gets another counterpart. It changes its customer; the ERP's keeps its documents."""
    identity = work.identity
    left, right = _living(work, link)
    was, new = identity.known(left), identity.known(right)
    if was is not None and was == new:
        return
    waiting, other = (versions.parked(work.rows, work.tenant, each) for each in (left, right))
    for reference, known, side, parked in ((left, was, Side.CRM, waiting), (right, new, Side.ERP, other)):
        if not parked and (known is None or identity.reference(known, side) != reference):
            raise Refused(f"{reference} has not been seen, or is gone", code="unseen")
    holder = identity.reference(new, Side.CRM) if new else None
    if holder not in {None, left}:
        said = f"{right} is linked with {holder}. Part them first: revmark links unlink {holder} {right}"
        raise Refused(said, code="linked")
    behind = _stays(work, was, left, leave=link.leave)
    if new is None:
        new = work.rules.new(Entity.COMPANY, Side.ERP, right, other[0]).id
    identity.unpart(left, right)
    _move(work, link, left, was, new)
    _say(work, link, "link", f"are one from now on{behind}", new)
    work.place(other + waiting, seen_at=to_millis(link.seen_at))


def _unlink(work: Placement, link: Link) -> None:
    """Two that were one are two. The ERP's keeps the customer and its documents, the CRM's becomes one of its own."""
    identity = work.identity
    left, right = _living(work, link)
    known = identity.known(left)
    if identity.parted(left, right) and known != identity.known(right):
        return
    if known is None or known != identity.known(right):
        raise Refused(f"{left} and {right} are not one: there is nothing to part", code="unlinked")
    behind = _stays(work, known, left, leave=link.leave)
    identity.part(left, right)
    fresh = canonical_id(Entity.COMPANY, work.tenant, left, "apart from", right)
    identity.hold_apart(fresh)
    _move(work, link, left, known, fresh)
    said = f"are two from now on{behind}. Neither is made anew on the other side: revmark links relink gives it another"
    _say(work, link, "refuse", said, f"{left}+{right}")
    work.place([], seen_at=to_millis(link.seen_at))


def _move(work: Placement, link: Link, left: str, was: CanonicalId | None, new: str) -> None:
    """Bind the CRM's record to another canonical one; the old one hears that it left, the new one what it shows.

    What merges had made of it counts no more, and others may have a right to what it leaves.
    """
    seen_at, own = to_millis(link.seen_at), work.identity.own(left)
    if was is not None:
        work.identity.leave(left, was, Side.CRM)
        work.depart(left, was, Side.CRM, seen_at)
        work.identity.bind(left, new, new, Side.CRM)
        work.read_again(left, seen_at, whole=True)
    else:
        work.identity.bind(left, new, new, Side.CRM)
    work.identity.lend(left, None)
    work.rules.succession.settle(Entity.COMPANY, *(each for each in (own, was, new) if each))


def _stays(work: Placement, was: CanonicalId | None, left: str, *, leave: bool) -> str:
    """What stays behind with the ERP's present record, in words.

    Raises:
        Refused: posted invoices would, and the person has not said that they may.
    """
    old = work.identity.reference(was, Side.ERP) if was else None
    count = work.identity.posted(was) if was and old else 0
    if not count:
        return ""
    noun = "1 posted invoice" if count == 1 else f"{count} posted invoices"
    if not leave:
        said = (
            f"{noun} of {left} would stay with {old}, and payments and credits with them. Move them in the ERP first "
            "(merge the contacts, or credit and bill anew), or say --leave-invoices to leave them there"
        )
        raise Refused(said, code="invoices")
    return f"; {noun} and the deals they bill stay with {old}"


def _living(work: Placement, link: Link) -> tuple[str, str]:
    """The two records, as they live on after merges."""
    return work.identity.follow(link.left), work.identity.follow(link.right)


def _parked(work: Placement, link: Link) -> tuple[list[Row], list[Row]]:
    left = versions.parked(work.rows, work.tenant, link.left)
    return left, versions.parked(work.rows, work.tenant, link.right)


def _say(work: Placement, link: Link, ruling: Ruling, what: str, record: str) -> None:
    reason = f"{link.who} says that {link.left} and {link.right} {what}: {link.why}"
    work.minutes.said(link, ruling, reason, record)
