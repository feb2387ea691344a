"""Identity: which platform records are one canonical record. One writer per tenant (capture), keyed by tenant.

Rows: `r|<ref>` -> {"id", "customer", "posted", "of", "bought", "unsold"}; `i|<id>` -> {"crm": ref, "erp": ref},
"crm_gone" for one that was deleted; `k|<scope>` -> id, for SKUs; `n|<scope>` -> refs of companies by name or domain,
to propose; `m|<side>|<kind>`: a first reading has ended; `w|<ref>`: who waits for that record; `h|<entity>`: who
waits for these readings; `p|<id>`: how many posted invoices a customer has. Of merges: `a|<ref>` -> the record that a
merged one lives on in; `s|<ref>` -> all that live on in it; `g|<side>|<id>` -> the customer that one stands behind;
`y|<ref>` -> who a record of the CRM is by itself, where a merge has brought it to another; `d|<id>` -> the records of
the CRM that claim to be a customer beside the one that stands for it; `e|<ref>`: a company or person of the CRM was
deleted; `q|<ref>` -> the survivor for which a person was asked about it. Of persons: `j|<ref>` -> the addresses
(digests) that one has shown as whose, and since when; `l|<parent>|<digest>` -> who has shown it there; `b|<ref>` ->
of whom it was told: an erasure goes there as well; `v|<ref>` and `v|<id>` -> who was of that company once. Of
people's words: `x|<ref>|<ref>`: these are two; `u|<id>`: taken from its counterpart; `z|<ref>` and `z|<id>`: erased
under privacy law, `z|<id>|<id>`: and told to that customer. Who pays for whom is in `paying`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemas.names import CanonicalId, Entity, Side
from tables.paying import Paying
from tables.shelf import Shelf
from tables.view import View

PROPOSALS = 20  # refs kept per domain or name; more than that is no evidence of anything


class Identity:
    """One tenant's identities over a view."""

    def __init__(self, view: View, tenant: str) -> None:
        """Open the identities of `tenant`."""
        self._view = view
        self._get = view.get
        self._prefix = f"{tenant}|"
        self.paying = Paying(view, tenant)

    def _key(self, *parts: str) -> str:
        return self._prefix + "|".join(parts)

    def known(self, reference: str) -> CanonicalId | None:
        """The canonical id of a record."""
        row = self._get(f"{self._prefix}r|{reference}")
        return CanonicalId(row["id"]) if row else None

    def customer(self, reference: str) -> CanonicalId | None:
        """The customer that a record belongs to."""
        row = self._get(f"{self._prefix}r|{reference}")
        return CanonicalId(row["customer"]) if row else None

    def reference(self, canonical: str, side: Side) -> str | None:
        """The record of a canonical id on a side."""
        row = self._get(f"{self._prefix}i|{canonical}")
        return row.get(side.value) if row else None

    def bind(
        self,
        reference: str,
        canonical: str,
        customer: str,
        side: Side,
        *,
        posted: bool = False,
        of: str | None = None,
        bought: dict[str, str | None] | None = None,
        unsold: str | None = None,
    ) -> None:
        """Say that the record is `canonical`, of `customer`. The side's newest record is the one written to.

        `posted`: it is an invoice that stands in the books; a customer's are counted. `of`: the record that it belongs
        to, whose customer is its own. `bought`: which company buys, of a deal that another one pays. `unsold`: the
        contract under which all that was told of a deal was told, and in no stage of an order.
        """
        key = self._key("r", reference)
        before = self._view.get(key) or {}
        now: dict[str, Any] = {"id": canonical, "customer": customer} | ({"posted": True} if posted else {})
        now |= ({"of": of} if of else {}) | ({"bought": bought} if bought else {})
        now |= {"unsold": unsold} if unsold else {}
        if before != now:
            self._count(before, -1)
            self._view[key] = now
            self._count(now, 1)
        row = self._get(f"{self._prefix}i|{canonical}") or {}
        if row.get(side.value) != reference:
            kept = {name: ref for name, ref in row.items() if name != _gone(side)}
            self._view[self._key("i", canonical)] = {**kept, side.value: reference}

    def astray(self, reference: str) -> bool:
        """Whether the record that this one belongs to has become another customer's."""
        row = self._get(f"{self._prefix}r|{reference}") or {}
        return "of" in row and self.customer(row["of"]) not in {None, row["customer"]}

    def belongs(self, reference: str) -> str | None:
        """The record that this one belongs to."""
        row = self._get(f"{self._prefix}r|{reference}") or {}
        return str(row["of"]) if "of" in row else None

    def bought(self, deal: str) -> dict[str, str | None] | None:
        """Which company buys, as a deal was told that another one pays; None: its own company pays."""
        row = self._get(f"{self._prefix}r|{deal}") or {}
        return row.get("bought")

    def unsold(self, deal: str) -> str | None:
        """The contract under which no stage that was told of a deal was one of an order; None: one may have been."""
        row = self._get(f"{self._prefix}r|{deal}") or {}
        return row.get("unsold")

    def _count(self, row: dict[str, Any], by: int) -> None:
        if row.get("posted"):
            self._view[self._key("p", row["customer"])] = self.posted(row["customer"]) + by

    def posted(self, customer: str) -> int:
        """How many invoices of a customer stand in the ERP's books."""
        return int(self._get(f"{self._prefix}p|{customer}") or 0)

    def leave(self, reference: str, canonical: str, side: Side) -> None:
        """The record is gone: another may take its place on the side. Whose it was stays known."""
        known = self._get(f"{self._prefix}r|{reference}") or {}
        if known.get("posted"):
            self._count(known, -1)
            self._view[self._key("r", reference)] = {name: known[name] for name in ("id", "customer")}
        row = self._get(f"{self._prefix}i|{canonical}") or {}
        if reference in {row.get(side.value), row.get(_gone(side))}:
            kept = {name: ref for name, ref in row.items() if name not in {side.value, _gone(side)}}
            if kept:
                self._view[self._key("i", canonical)] = kept
            else:
                del self._view[self._key("i", canonical)]

    def miss(self, reference: str, canonical: str, side: Side) -> None:
        """Remember the record that had the place on a side until it was deleted, for it may be restored."""
        row = self._get(f"{self._prefix}i|{canonical}") or {}
        if side.value not in row:
            self._view[self._key("i", canonical)] = {**row, _gone(side): reference}

    def last(self, canonical: str, side: Side) -> str | None:
        """The record that has the place on a side, or had it until it was deleted."""
        return self.reference(canonical, side) or self.missed(canonical, side)

    def missed(self, canonical: str, side: Side) -> str | None:
        """The record that had the place on a side until it was deleted."""
        row = self._get(f"{self._prefix}i|{canonical}") or {}
        return row.get(_gone(side))

    def name(self, reference: str, canonical: str, customer: str) -> None:
        """Say who a record was that is no longer there: it takes no place on its side."""
        self._set(self._key("r", reference), {"id": canonical, "customer": customer})

    def rename(self, reference: str, canonical: str) -> None:
        """Say that a record is another canonical one, of the same customer."""
        key = self._key("r", reference)
        self._view[key] = {**(self._view.get(key) or {}), "id": canonical}

    def sign(self, reference: str, parent: str, mail: str, version: int) -> None:
        """Note that a person's record showed an address (a digest of it) as one of `parent`, and since when."""
        rows = self.signs(reference)
        before = next((row[2] for row in rows if row[:2] == [parent, mail]), None)
        if before is None or version < before:
            kept = [row for row in rows if row[:2] != [parent, mail]]
            self._set(
                self._key("j", reference), sorted([*kept, [parent, mail, version]], key=lambda row: row[2:] + row)
            )
        if before is None:
            self._set(self._key("l", parent, mail), _oldest_first({*self.bearers(parent, mail), reference}))

    def signs(self, reference: str) -> list[list[Any]]:
        """What a person's record has shown, the oldest first: parent, address, version."""
        return list(self._get(f"{self._prefix}j|{reference}") or ())

    def bearers(self, parent: str, mail: str) -> list[str]:
        """The records that have shown an address as one of `parent`."""
        return list(self._view.get(self._key("l", parent, mail)) or ())

    def watch(self, name: str, reference: str) -> None:
        """Note that a person was of a company or customer once, so that news of it bear on the person."""
        self._set(self._key("v", name), _oldest_first({*self.watchers(name), reference}))

    def watchers(self, name: str) -> list[str]:
        """The people who were of a company or customer once."""
        return list(self._get(f"{self._prefix}v|{name}") or ())

    def tell(self, reference: str, canonical: str, customer: str) -> None:
        """Note of whom a person's record was told: an erasure has to be told there as well."""
        places = self.told(reference)
        if [canonical, customer] not in places:
            self._set(self._key("b", reference), [*places, [canonical, customer]])

    def told(self, reference: str) -> list[list[str]]:
        """Of whom a person's record was told: canonical ids with their customers."""
        return list(self._get(f"{self._prefix}b|{reference}") or ())

    def merge(self, loser: str, survivor: str) -> None:
        """Note that one record was merged into another. Chains end alike, whichever of their merges is heard first."""
        old, root = self.follow(loser), self.follow(survivor)
        if old == root:
            return
        behind = _oldest_first({old, *self.losers(old)})
        for each in behind:
            self._view[self._key("a", each)] = root
        if len(behind) > 1:
            del self._view[self._key("s", old)]
        self._view[self._key("s", root)] = _oldest_first({*behind, *self.losers(root)})

    def follow(self, reference: str) -> str:
        """The record that a reference means now: another one after a merge."""
        return str(self._get(f"{self._prefix}a|{reference}") or reference)

    def losers(self, reference: str) -> list[str]:
        """The records that live on in this one, the oldest id first."""
        return list(self._get(f"{self._prefix}s|{reference}") or ())

    def lend(self, reference: str, own: str | None) -> None:
        """Note who a record is by itself, where a merge has brought it to another; None: where it is."""
        self._set(self._key("y", reference), own)

    def lent(self, reference: str) -> CanonicalId | None:
        """Who a record is by itself, where a merge has brought it to another."""
        found = self._get(f"{self._prefix}y|{reference}")
        return CanonicalId(found) if found else None

    def own(self, reference: str) -> CanonicalId | None:
        """Who a record is by itself, whatever merges have made of it."""
        return self.lent(reference) or self.known(reference)

    def claimants(self, canonical: str) -> list[str]:
        """The records of the CRM that claim to be a customer beside the one that stands for it."""
        return list(self._get(f"{self._prefix}d|{canonical}") or ())

    def note_claimants(self, canonical: str, references: Iterable[str]) -> None:
        """Note which records of the CRM claim to be a customer beside the one that stands for it."""
        self._set(self._key("d", canonical), _oldest_first(set(references)) or None)

    def end(self, reference: str, *, over: bool) -> None:
        """Note whether a company or person of the CRM was deleted."""
        self._set(self._key("e", reference), over or None)

    def ended(self, reference: str) -> bool:
        """Whether a company or person of the CRM was deleted."""
        return bool(self._get(f"{self._prefix}e|{reference}"))

    def seat(self, canonical: str, reference: str | None, *, gone: bool, side: Side = Side.CRM) -> None:
        """Say which record of a side stands for a canonical one, or is missed there; None: nobody."""
        key = self._key("i", canonical)
        row = self._view.get(key) or {}
        now = {name: ref for name, ref in row.items() if name not in {side.value, _gone(side)}}
        now |= {_gone(side) if gone else side.value: reference} if reference else {}
        self._set(key, now or None)

    def _set(self, key: str, value: Any) -> None:
        """Write a row that differs; None: there is none any more."""
        before = self._view.get(key)
        if value is None and before is not None:
            del self._view[key]
        elif value != before:
            self._view[key] = value

    def stand_behind(self, customer: str, heir: str | None, side: Side) -> None:
        """Note that a customer's record on a side was merged into the heir's; None: it was not."""
        self._set(self._key("g", side.value, customer), heir)

    def heir(self, customer: str, side: Side) -> CanonicalId | None:
        """The customer into whose record on a side one's own was merged."""
        found = self._get(f"{self._prefix}g|{side}|{customer}")
        return CanonicalId(found) if found else None

    def akin(self, left: str, right: str) -> bool:
        """Whether merges lead from both customers to one."""
        return left == right or bool(self._heirs(left) & self._heirs(right))

    def _heirs(self, customer: str) -> set[str]:
        met, ahead = {customer}, [customer]
        while ahead:
            each = ahead.pop()
            found = {str(heir) for side in Side if (heir := self.heir(each, side))} - met
            met |= found
            ahead += found
        return met

    def by_key(self, scope: str) -> CanonicalId | None:
        """The canonical id that a SKU belongs to."""
        found = self._get(f"{self._prefix}k|{scope}")
        return CanonicalId(found) if found else None

    def claim_key(self, scope: str, canonical: str) -> None:
        """Give a SKU to a canonical id."""
        self._view[self._key("k", scope)] = canonical

    def note_name(self, scope: str, reference: str) -> None:
        """Remember a record under a domain or a name."""
        refs = self._get(f"{self._prefix}n|{scope}") or []
        if reference not in refs:
            self._view[self._key("n", scope)] = [*refs, reference][-PROPOSALS:]

    def named(self, scope: str) -> list[str]:
        """The records under a domain or a name."""
        return list(self._get(f"{self._prefix}n|{scope}") or ())

    def mark(self, side: Side, kind: str) -> bool:
        """Note that the first reading of a kind has ended; False when it was known."""
        key = self._key("m", side.value, kind)
        if self._view.get(key):
            return False
        self._view[key] = True
        return True

    def marked(self, side: Side, kind: str) -> bool:
        """Whether the first reading of a kind has ended."""
        return bool(self._get(f"{self._prefix}m|{side}|{kind}"))

    def part(self, left: str, right: str) -> None:
        """Remember that a person said these are two."""
        self._view[self._key("x", left, right)] = True

    def unpart(self, left: str, right: str) -> None:
        """Forget that two were said to be two."""
        for pair in ((left, right), (right, left)):
            if self._view.get(self._key("x", *pair)):
                del self._view[self._key("x", *pair)]

    def hold_apart(self, canonical: str) -> None:
        """Note that a person took the record from its counterpart: it is not made anew on the other side."""
        self._view[self._key("u", canonical)] = True

    def held_apart(self, canonical: str) -> bool:
        """Whether a person took the record from its counterpart."""
        return bool(self._get(f"{self._prefix}u|{canonical}"))

    def erase(self, name: str) -> bool:
        """Note that a record, or a canonical one, was erased under privacy law; False when it was known."""
        if self.erased(name):
            return False
        self._view[self._key("z", name)] = True
        return True

    def erased(self, name: str) -> bool:
        """Whether a record, or a canonical one, was erased."""
        return bool(self._get(f"{self._prefix}z|{name}"))

    def parted(self, left: str, right: str) -> bool:
        """Whether a person said that these are two, in either order."""
        return bool(self._view.get(self._key("x", left, right)) or self._view.get(self._key("x", right, left)))

    def ask(self, reference: str, survivor: str) -> bool:
        """Note that a person is asked whether a record belongs to a survivor's; False when that was asked already."""
        key = self._key("q", reference)
        if self._view.get(key) == survivor:
            return False
        self._view[key] = survivor
        return True

    def asked(self, reference: str) -> str | None:
        """The survivor for which a person was asked about a record."""
        found = self._get(f"{self._prefix}q|{reference}")
        return str(found) if found else None

    def waiters(self, reference: str) -> Shelf:
        """Records that wait for `reference` to be known."""
        return Shelf(self._view, self._key("w", reference))

    def held(self, entity: Entity) -> Shelf:
        """Records that wait until both sides have been read once."""
        return Shelf(self._view, self._key("h", entity.value))


def _oldest_first(references: set[str]) -> list[str]:
    """In an order that hangs on no hash: rows stand on the changelog in the order in which they were written."""
    return sorted(references, key=lambda name: (len(name), name))


def _gone(side: Side) -> str:
    return f"{side.value}_gone"
