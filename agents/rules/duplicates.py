"""Duplicates: customers that may be one, with the reasons and a score. It proposes; only a person links or merges.

In: customers as both systems show them. Out: pairs, the likeliest first. Pure and deterministic: the same customers in
any order give the same pairs. Two customers are compared only where they share a key (a tax number, a domain, an
e-mail address, a name with a postcode), so that the work grows with what is shared and not with all pairs.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

CROWD = 25  # customers under one key; more than that share a landlord, a mail provider or a placeholder
SURE = 100  # the highest score
# What each shared key is worth. A tax number alone is enough to ask; a name needs its place, or another key.
WEIGHTS = {"tax number": 60, "name and postcode": 45, "e-mail": 40, "domain": 35}
SAME_NAME, SAME_PHONE = 20, 10  # beside a shared key
OTHER_TAX_NUMBER = -40  # two numbers are two taxpayers, as branches of a group are
_FORMS = frozenset(
    {
        "ab", "ag", "as", "bv", "co", "company", "corp", "corporation", "gmbh", "group", "holding",
        "holdings", "inc", "incorporated", "kg", "limited", "llc", "llp", "lp",
        "ltd", "nv", "oy", "plc", "pty", "sa", "sarl", "sas", "spa", "srl", "the",
    }
)  # fmt: skip
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Customer:
    """What is compared of one customer: the values of both sides, normalized; and its records."""

    record: str
    label: str
    crm: str | None = None
    erp: str | None = None
    names: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    taxes: frozenset[str] = frozenset()
    postcodes: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()

    def keys(self) -> Iterable[tuple[str, str]]:
        """The keys under which it meets others."""
        yield from (("tax number", each) for each in self.taxes)
        yield from (("domain", each) for each in self.domains)
        yield from (("e-mail", each) for each in self.emails)
        yield from (("name and postcode", f"{name} {place}") for name in self.names for place in self.postcodes)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two customers that may be one."""

    left: Customer
    right: Customer
    score: int
    reasons: tuple[str, ...]
    advice: str


@dataclass(frozen=True, slots=True)
class Found:
    """The pairs, and the keys that so many customers share that nothing was compared under them."""

    pairs: tuple[Pair, ...]
    crowded: tuple[tuple[str, int], ...]


def customer(
    record: str,
    crm: Mapping[str, Any] | None,
    erp: Mapping[str, Any] | None,
    *,
    refs: tuple[str | None, str | None],
    emails: Iterable[str] = (),
) -> Customer:
    """A customer of the fields that each side shows (None: it is not there), and the addresses of its people."""
    sides = [fields for fields in (crm, erp) if fields]

    def all_of(name: str) -> list[str]:
        return [str(fields[name]) for fields in sides if fields.get(name)]

    places = [fields["shipping_address"] for fields in sides if fields.get("shipping_address")]
    return Customer(
        record=record,
        label=next(iter(all_of("name")), record),
        crm=refs[0],
        erp=refs[1],
        names=_kept(map(name_key, all_of("name"))),
        domains=_kept(each.strip().casefold().removeprefix("www.") for each in all_of("domain")),
        taxes=_kept(map(_compact, all_of("tax_number"))),
        postcodes=_kept(_compact(str(each.get("postal_code") or "")) for each in places),
        emails=_kept(each.strip().casefold() for each in emails),
        phones=_kept(re.sub(r"\D", "", each)[-8:] for each in all_of("phone")),
    )


def name_key(name: str) -> str:
    """A name without case, accents, punctuation and the words for a company's form."""
    words = _WORDS.findall(bare(name).replace("&", " and ").replace(".", ""))
    telling = [word for word in words if word not in _FORMS]
    return " ".join(telling or words)


def is_form(word: str) -> bool:
    """Whether a word, without case and accents, says which form a company has."""
    return word in _FORMS


def bare(text: str) -> str:
    """A text without case and accents. Taken apart first: what is one sign may hide capitals, as a trade mark does."""
    if text.isascii():
        return text.lower()  # most names: the same as below, in a tenth of the time
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(mark for mark in plain if not unicodedata.combining(mark))


def duplicates(customers: Iterable[Customer], *, least: int) -> Found:
    """The pairs that score `least` or more."""
    met: defaultdict[tuple[str, str], dict[str, Customer]] = defaultdict(dict)
    for each in customers:
        for key in each.keys():  # noqa: SIM118 - keys to meet under, not a dict's
            met[key][each.record] = each
    shared: defaultdict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    known: dict[str, Customer] = {}
    crowded = []
    for key, group in met.items():
        if len(group) > CROWD:
            crowded.append((f"{key[0]} {key[1]}", len(group)))
            continue
        known |= group
        for pair in combinations(sorted(group), 2):
            shared[pair].add(key)
    pairs = [_pair(known[left], known[right], keys) for (left, right), keys in shared.items()]
    found = sorted((pair for pair in pairs if pair.score >= least), key=_rank)
    return Found(tuple(found), tuple(sorted(crowded)))


def _pair(left: Customer, right: Customer, keys: Iterable[tuple[str, str]]) -> Pair:
    parts = {kind: WEIGHTS[kind] for kind, _ in keys}
    reasons = [f"same {kind}: {value}" for kind, value in sorted(keys, key=lambda key: (-WEIGHTS[key[0]], key))]
    if "name and postcode" not in parts and left.names & right.names:
        parts["name"] = SAME_NAME
        reasons.append(f"same name: {min(left.names & right.names)}")
    if left.phones & right.phones:
        parts["phone"] = SAME_PHONE
        reasons.append("same phone")
    if left.taxes and right.taxes and not left.taxes & right.taxes:
        parts["other tax number"] = OTHER_TAX_NUMBER
        reasons.append("but different tax numbers")
    score = max(0, min(SURE, sum(parts.values())))
    return Pair(left, right, score, tuple(reasons), _advice(left, right))


def _advice(left: Customer, right: Customer) -> str:
    """What a person can do about it, where the two are one."""
    steps = [
        f"merge {mine} and {theirs} in the {side}"
        for side, mine, theirs in (("CRM", left.crm, right.crm), ("ERP", left.erp, right.erp))
        if mine and theirs
    ]
    crm, erp = left.crm or right.crm, left.erp or right.erp
    return ", and ".join(steps) or f"revmark links relink {crm} {erp} --why ..."


def _rank(pair: Pair) -> tuple[int, str, str]:
    return -pair.score, pair.left.record, pair.right.record


def _compact(text: str) -> str:
    return "".join(_WORDS.findall(text)).casefold()


def _kept(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value for value in values if value)
