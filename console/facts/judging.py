"""Judging: whether a text that states a fact agrees with the sheet.

In: a fact's text out of a sentence, the fact as the sheet has it. Out: borne out, contradicted, or why it cannot be
compared. Pure. A text is borne out where it says the same in any form; what may mean something else is not compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from console.facts.claims import PRICE, amounts, currencies
from console.facts.sheet import Fact, FactSheet
from console.facts.spelling import (
    COUNTRIES,
    PARTS,
    address_keys,
    alike,
    compact,
    country_key,
    domain_key,
    folded,
    legal_key,
    members,
    street_key,
)
from schemas.money import exact

_HEDGED = re.compile(
    r"(?:\b(?:about|around|approximately|approx\.?|roughly|from|starting at|starts at|up to|over|under|between|than|"
    r"at least|almost|nearly|some)|[~\u2248<>])\s*$",
    re.IGNORECASE,
)
# An amount beside one of these may be something else than a price for one, or a price with something on it.
_ELSE = re.compile(
    r"\b(?:shipping|delivery|postage|deposit|discount\w*|sav(?:e|es|ing|ings)|rais(?:e|ed)|revenue|turnover|profit|"
    r"valued|fees?|tax(?:es)?|VAT|GST|warranty|install\w*|per (?:month|year|hour|week|day)|monthly|annual\w*|yearly|"
    r"subscription|used|second-hand|refurbished|rent\w*|leas\w+|between|range\w*|packs?|bundles?|"
    r"for (?:two|three|\d+))\b",
    re.IGNORECASE,
)
_VAGUE = {
    "africa", "america", "asia", "australasia", "europe", "european union", "eu", "latin america", "middle east",
    "north america", "north island", "oceania", "south america", "south island",
}  # fmt: skip
_REGION = re.compile(r"\s+(?:region|area|district|county|city)$", re.IGNORECASE)


Verdict = bool | str  # borne out, contradicted, or why it was not compared


def judged(
    fact: str, texts: Sequence[str], held: Fact, sheet: FactSheet, sentence: str
) -> Iterator[tuple[str, Verdict]]:
    """What becomes of each text. Where one is borne out, others of the kind in the same sentence stay uncompared."""
    judge = _JUDGES.get(fact, _plainly)
    found: list[tuple[str, Verdict]] = [(text, judge(fact, text, held, sheet, sentence)) for text in texts]
    if fact not in _ALL and any(verdict is True for _, verdict in found):
        found = [(text, verdict if verdict is not False else "it states another one too") for text, verdict in found]
    return iter(found)


def _plainly(fact: str, text: str, held: Fact, _sheet: FactSheet, _sentence: str) -> Verdict:
    return any(alike(fact, text, each) != "contradiction" for each in held.values)


def _price(_fact: str, text: str, held: Fact, _sheet: FactSheet, sentence: str) -> Verdict:
    match = PRICE.fullmatch(text)
    if match is None or match["size"] or match["large"]:
        return "it rounds the amount"
    if held.currency not in currencies(match["before"] or match["after"]):
        return f"it is in another currency than {held.currency}"
    said = amounts(match["first"] or match["second"])
    if any(exact(each) in said for each in held.values):
        return True
    if _HEDGED.search(sentence[: sentence.find(text)]):
        return "it is about that amount"
    return "it may be of something else than the price" if _ELSE.search(sentence) else False


def _domain(_fact: str, text: str, held: Fact, _sheet: FactSheet, _sentence: str) -> Verdict:
    said = domain_key(text)
    return any(said == own or said.endswith(f".{own}") for own in map(domain_key, map(str, held.values)))


def _legal(_fact: str, text: str, held: Fact, _sheet: FactSheet, _sentence: str) -> Verdict:
    return any(legal_key(text) == legal_key(str(each)) for each in held.values)


def _trading(_fact: str, text: str, _held: Fact, sheet: FactSheet, _sentence: str) -> Verdict:
    said = [each.strip() for each in re.split(r",|\band\b", text) if each.strip()]
    whole = any(alike("name", text, name) != "contradiction" for name in sheet.names)
    return whole or all(any(alike("name", each, name) != "contradiction" for name in sheet.names) for each in said)


def _area(_fact: str, text: str, held: Fact, _sheet: FactSheet, _sentence: str) -> Verdict:
    said = _place(text)
    if said in _VAGUE:
        return "it names a part of the world"
    return any(said == _place(each) for each in members(held.value))


def _place(text: str) -> str:
    name = re.sub(r"^(?:the|all of)\s+", "", _REGION.sub("", text.strip()), flags=re.IGNORECASE)
    key = country_key(name)
    return key if key in COUNTRIES else folded(name)


def _address(_fact: str, text: str, held: Fact, _sheet: FactSheet, _sentence: str) -> Verdict:
    found = [_located(text, address_keys(each)) for each in held.values]
    if True in found:
        return True
    return False if False in found else found[0]


def _located(text: str, own: Mapping[str, str]) -> Verdict:
    """Whether the parts of a place are those of an address: a street, a country and a postal code by their look."""
    parts = [each.strip() for each in re.split(r",|\band\b", text) if each.strip()]
    told: dict[str, list[bool]] = {part: [] for part in PARTS}
    for part in parts:
        code = " ".join(word for word in part.split() if any(map(str.isdigit, word)))
        if street_key(part) == own["street"] or _STREET.search(part):
            told["street"].append(not own["street"] or street_key(part) == own["street"])
            continue
        if code:
            told["postal_code"].append(not own["postal_code"] or compact(code) == own["postal_code"])
        name = _place(" ".join(word for word in part.split() if word not in code.split()))
        if name in COUNTRIES:
            told["country"].append(not own["country"] or name == own["country"])
        elif name and name not in _VAGUE and (own["city"] or own["region"]):
            told["city"].append(name in {_place(own["city"]), _place(own["region"])} - {""})
    said = {part: each for part, each in told.items() if each}
    if not said:
        return "it names a part of the world"
    # beside the city a suburb or a region may be named
    return all(any(each) for each in said.values())


_STREET = re.compile(
    r"\b(?:street|st|road|rd|avenue|ave|boulevard|blvd|lane|ln|drive|dr|quay|square|terrace|parade|highway|way)\b\.?$|"
    r"(?:stra(?:\u00df|ss)e|str\.?|weg|platz|gasse|allee)\s+\d+\w?$|^\d+\w?(?:[/-]\d+\w?)?\s+\S+\s+\S+",
    re.IGNORECASE,
)
_ALL = {"service_areas"}  # each of what is listed is a claim of its own
_JUDGES: Mapping[str, Callable[[str, str, Fact, FactSheet, str], Verdict]] = {
    "price": _price, "domain": _domain, "legal_name": _legal, "trading_names": _trading, "service_areas": _area,
    "address": _address,
}  # fmt: skip
