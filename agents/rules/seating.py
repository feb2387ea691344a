"""Seating: which company of the CRM stands for which contact of the ERP, after merges on either side.

In: all that is known of a group, as values: the companies that are left, whom each claims to be, and where each claim
leads. Out: the place of each company. Nothing is taken from the order in which it was heard, so any order ends alike.
A company asks for its places in the order of its claims; a place keeps the one with the best right to it, and the other
asks on. That has one result, whoever asks first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Right = tuple[bool, bool, int, bool, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Door:
    """Where a claim leads: to the customer of a contact that is there.

    `age`: 0 where the claim is that very customer; of one whose contact was merged into it, its place among those, the
    oldest first.
    """

    seat: str
    age: int = 0


@dataclass(frozen=True, slots=True)
class Guest:
    """A company that is no part of another; its own claim comes first, those of the companies merged into it follow.

    `gone`: it was deleted, and may be restored: it keeps a place that no other has a right to.
    """

    ref: str
    claims: tuple[str, ...]
    gone: bool = False


def seated(guests: Sequence[Guest], doors: Mapping[str, Door]) -> dict[str, str]:
    """The seats and who has them. A company whose claims lead nowhere, or to the seats of others, has none."""
    wishes = {guest.ref: deque(_wishes(guest, doors)) for guest in guests}
    held: dict[str, tuple[Right, str]] = {}
    asking = deque(sorted(wishes, key=age))
    while asking:
        ref = asking.popleft()
        if not wishes[ref]:
            continue
        right, seat = wishes[ref].popleft()
        before = held.get(seat)
        if before is None or right < before[0]:
            held[seat] = (right, ref)
            ref = before[1] if before else ""
        if ref:
            asking.append(ref)
    return {seat: ref for seat, (_, ref) in held.items()}


def _wishes(guest: Guest, doors: Mapping[str, Door]) -> list[tuple[Right, str]]:
    """The seats it asks for in turn, each with its right: the lower one has the better.

    One that is there comes before one that is gone, an id before a link that only followed, the link of the oldest
    contact before the others, what it says itself before what those said who are merged into it.
    """
    found: dict[str, Right] = {}
    for number, claim in enumerate(guest.claims):
        door = doors.get(claim)
        if door is not None:
            right = (guest.gone, door.age > 0, door.age, number > 0, age(guest.ref))
            found[door.seat] = min(right, found.get(door.seat, right))
    return [(right, seat) for seat, right in found.items()]


def age(reference: str) -> tuple[int, str]:
    """The order of records: platforms count upwards, so the shorter id is the older one."""
    return len(reference), reference
