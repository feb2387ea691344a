"""Associations between records.

In: pairs of records and the types between them. Out: what is associated with what, and how. Invariant: an
association stands in both directions; a contact or deal has one primary company, a company one parent company; a line
item has one parent.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.hubspot.association_types import CHILD_TO_PARENT, AssociationType, owned, standard
from sandbox.hubspot.errors import Problem

USER_DEFINED_FROM = 1_000  # ids of types made in a portal start here

Node = tuple[str, int]  # object type id, record id


@dataclass(frozen=True, slots=True)
class Change:
    """One direction of an association that came or went."""

    origin: Node
    target: Node
    type: AssociationType
    removed: bool


class Associations:
    """All associations of a portal."""

    def __init__(self) -> None:
        self._types: dict[tuple[str, str], list[AssociationType]] = {}
        self._edges: dict[Node, dict[Node, set[int]]] = {}
        self._next_type = USER_DEFINED_FROM
        for each in standard():
            self._types.setdefault((each.from_type, each.to_type), []).append(each)

    def types(self, from_type: str, to_type: str) -> list[AssociationType]:
        """Give the types between two object types; the unlabelled one comes first."""
        return self._types.get((from_type, to_type), [])

    def type(self, from_type: str, to_type: str, type_id: int) -> AssociationType:
        """Give one type."""
        for each in self.types(from_type, to_type):
            if each.id == type_id:
                return each
        raise Problem(400, f"Invalid association type: {type_id} is not defined from {from_type} to {to_type}")

    def default(self, from_type: str, to_type: str) -> AssociationType:
        """Give the unlabelled type. A custom object has those that its schema names, or that were added to it."""
        known = self.types(from_type, to_type)
        if not known:
            raise Problem(400, f"No association types exist between {from_type} and {to_type}")
        return known[0]

    def define(
        self, from_type: str, to_type: str, name: str | None, label: str | None
    ) -> AssociationType:  # fmt: skip
        """Make a type of this portal's own, with its inverse."""
        forth, back = self._next_type + 1, self._next_type + 2
        self._next_type += 2
        there = AssociationType(from_type, to_type, forth, back, "USER_DEFINED", label, name or "")
        here = AssociationType(to_type, from_type, back, forth, "USER_DEFINED", label, name or "")
        self._types.setdefault((from_type, to_type), []).append(there)
        self._types.setdefault((to_type, from_type), []).append(here)
        return there

    def add(self, origin: Node, target: Node, wanted: Iterable[AssociationType]) -> list[Change]:
        """Associate two records; tell what changed, in both directions."""
        changes: list[Change] = []
        for child, parent in ((origin, target), (target, origin)):
            if owned(child[0], parent[0]):
                changes += self._leave_parents(child, keep=parent)
        types = {each.id: each for each in (*wanted, self.default(origin[0], target[0]))}
        for each in types.values():
            if each.primary:
                changes += self._leave_primary(origin, target, each)
            for child, parent, type_id in ((origin, target, each.id), (target, origin, each.inverse)):
                if type_id == CHILD_TO_PARENT:
                    changes += self._leave_parent_company(child, keep=parent)
            changes += self._put(origin, target, each)
        return changes

    def _leave_parent_company(self, child: Node, keep: Node) -> list[Change]:
        held = [node for node, types in self._edges.get(child, {}).items() if CHILD_TO_PARENT in types and node != keep]
        return [change for node in held for change in self.remove(child, node, [CHILD_TO_PARENT])]

    def _put(self, origin: Node, target: Node, kind: AssociationType) -> list[Change]:
        if kind.id in self._edges.get(origin, {}).get(target, set()):
            return []
        self._edges.setdefault(origin, {}).setdefault(target, set()).add(kind.id)
        self._edges.setdefault(target, {}).setdefault(origin, set()).add(kind.inverse)
        return self._both(origin, target, kind, removed=False)

    def _both(self, origin: Node, target: Node, kind: AssociationType, *, removed: bool) -> list[Change]:
        inverse = self.type(target[0], origin[0], kind.inverse)
        return [Change(origin, target, kind, removed), Change(target, origin, inverse, removed)]

    def _leave_parents(self, child: Node, keep: Node) -> list[Change]:
        parents = [n for n in self._edges.get(child, {}) if n != keep and owned(child[0], n[0])]
        return [change for parent in parents for change in self.remove(child, parent)]

    def _leave_primary(self, origin: Node, target: Node, kind: AssociationType) -> list[Change]:
        holder, other, type_id = (origin, target, kind.id) if kind.to_type == "0-2" else (
            target, origin, kind.inverse)  # fmt: skip
        changes: list[Change] = []
        for node, held in list(self._edges.get(holder, {}).items()):
            if node[0] == other[0] and node != other and type_id in held:
                changes += self.remove(holder, node, [type_id])
        return changes

    def remove(self, origin: Node, target: Node, type_ids: Iterable[int] | None = None) -> list[Change]:
        """Part two records, or take some labels off; tell what changed."""
        held = self._edges.get(origin, {}).get(target)
        if not held:
            return []
        changes: list[Change] = []
        for type_id in sorted(held if type_ids is None else held & set(type_ids)):
            kind = self.type(origin[0], target[0], type_id)
            held.discard(type_id)
            self._edges[target][origin].discard(kind.inverse)
            changes += self._both(origin, target, kind, removed=True)
        if not held:
            del self._edges[origin][target]
            self._edges[target].pop(origin, None)
        return changes

    def relabel(self, origin: Node, target: Node, wanted: list[AssociationType]) -> list[Change]:
        """Replace the labels between two records: the PUT of the associations API."""
        keep = {each.id for each in wanted} | {self.default(origin[0], target[0]).id}
        held = set(self._edges.get(origin, {}).get(target, ()))
        return [*self.remove(origin, target, held - keep), *self.add(origin, target, wanted)]

    def of(self, origin: Node, to_type: str) -> list[tuple[int, list[AssociationType]]]:
        """Give what a record is associated with, by type, in the order of ids."""
        found = [
            (node[1], [self.type(origin[0], to_type, type_id) for type_id in sorted(held)])
            for node, held in self._edges.get(origin, {}).items()
            if node[0] == to_type
        ]
        return sorted(found, key=lambda pair: pair[0])

    def ids(self, origin: Node, to_type: str) -> list[int]:
        """Give the ids a record is associated with."""
        return sorted(node[1] for node in self._edges.get(origin, {}) if node[0] == to_type)

    def drop(self, node: Node) -> None:
        """Forget a record for good."""
        for other in self._edges.pop(node, {}):
            self._edges.get(other, {}).pop(node, None)

    def move(self, old: Node, new: Node) -> None:
        """Let one record stand where another stood; for merges."""
        for target, held in list(self._edges.get(old, {}).items()):
            if target == new:
                continue
            for type_id in held:
                self._put(new, target, self.type(old[0], target[0], type_id))
        self.drop(old)

    def listing(self) -> list[dict[str, object]]:
        """Show every association once per direction."""
        return [
            {"from": list(origin), "to": list(target), "types": sorted(held)}
            for origin, targets in self._edges.items()
            for target, held in targets.items()
        ]
