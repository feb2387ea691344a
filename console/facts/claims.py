"""Claims: what a sentence says that a fact sheet could contradict.

In: a sentence. Out: for each fact the texts that state one, as they are written. Pure, and of words in English: a price
is an amount with a currency, a number needs the word that says of what, a place the word that says that somebody is
there. What is not found so is not found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

_DOLLARS = frozenset({"USD", "NZD", "AUD", "CAD", "SGD", "HKD", "FJD", "TWD", "MXN"})
_SIGNS: Mapping[str, frozenset[str]] = {
    "NZ$": frozenset({"NZD"}), "AU$": frozenset({"AUD"}), "A$": frozenset({"AUD"}), "US$": frozenset({"USD"}),
    "CA$": frozenset({"CAD"}), "C$": frozenset({"CAD"}), "S$": frozenset({"SGD"}), "HK$": frozenset({"HKD"}),
    "$": _DOLLARS, "€": frozenset({"EUR"}), "£": frozenset({"GBP"}), "¥": frozenset({"JPY", "CNY"}),
    "₹": frozenset({"INR"}),
}  # fmt: skip
_NAMES: Mapping[str, frozenset[str]] = {
    "new zealand dollars": frozenset({"NZD"}), "australian dollars": frozenset({"AUD"}),
    "us dollars": frozenset({"USD"}), "canadian dollars": frozenset({"CAD"}), "dollars": _DOLLARS,
    "euros": frozenset({"EUR"}), "euro": frozenset({"EUR"}), "pounds": frozenset({"GBP"}), "yen": frozenset({"JPY"}),
}  # fmt: skip
_CODES = (
    "AED|AUD|BHD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|FJD|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|KWD|MXN|MYR|NOK|NZD|PHP|PLN|RON|"
    "SEK|SGD|THB|TRY|TWD|USD|VND|ZAR"
)
_NUMBER = r"\d{1,3}(?:[ ,.'\u00a0\u202f]\d{3})+(?:[.,]\d{1,3})?(?!\d)|\d+(?:[.,]\d+)?"
_SIGN = "|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True))
_NAMED = "|".join(name.replace(" ", r"\s+") for name in sorted(_NAMES, key=len, reverse=True))
PRICE = re.compile(
    rf"(?<![\w.])(?P<before>{_SIGN}|\b(?:{_CODES}))\s?(?P<first>{_NUMBER})(?P<size>\s?(?:k|m|bn|million|billion|thousand)\b)?"
    rf"|(?<![\w.,$-])(?P<second>{_NUMBER})\s?(?P<large>(?:k|m|bn|million|billion|thousand)\s)?"
    rf"(?P<after>{_SIGN}|(?:{_CODES})\b|(?i:{_NAMED})\b)"
)
_SKU = re.compile(
    r"\b(?:SKU|(?:item|article|part|product|model|stock)\s+(?:code|number|no\.?))\b"
    r"(?:\s+(?:of|for)\s[^.;]{0,80}?\sis|\s+is)?\s*[:#(]?\s*"
    r"[\"'\u201c]?([A-Za-z0-9][\w./-]*\w|[A-Za-z0-9])",
    re.IGNORECASE,
)
_WEB = re.compile(r"\b(?:web\s?site|home\s?page|web address|domain|url|online at|visit)\b", re.IGNORECASE)
_HOST = re.compile(r"(?<![@\w.-])(?:https?://)?((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,})\b(?!@)", re.IGNORECASE)
_CALL = re.compile(r"\b(?:phone|telephone|tel|call|ring|dial|hotline)\b|\u260e", re.IGNORECASE)
_DIGITS = re.compile(r"(?<![\w.,$])\+?\(?\d[\d\s()./-]{4,}\d(?!\w)")
DIALLED = range(7, 16)  # digits of a telephone number: E.164 has fifteen at most
_TAX = re.compile(
    r"\b(?i:VAT|GST|ABN|EIN|TIN|tax|USt-?Id\w*)\b[^.;\d]{0,30}?\b((?:[A-Z]{2}\s?)?\d[\d\s.-]{4,}\d[A-Z]?)(?!\w)"
)
_NAME = r"[\"'\u201c]?((?:[^\W\d_a-z]|\d)[\w&'\u2019.-]*(?:\s+(?:(?:[^\W\d_a-z]|\d|&)[\w&'\u2019.-]*|&|and|of|und))*)"
_LEGAL = re.compile(
    r"(?:\blegal name\b[^.:]*?(?:\bis|:)|\blegally (?:known|registered) as|\bregistered as|\bincorporated as)\s+"
    + _NAME
)
_TRADES = re.compile(
    r"\b(?:trad(?:es|ing) (?:as|under(?: the name)?(?: of)?)|also known as|doing business as|d/b/a|dba)\s+" + _NAME
)
_THERE = re.compile(
    r"\b(?:located|based|headquarter\w*|situated|head office|registered office|offices?|address|HQ)\b", re.IGNORECASE
)
_SERVES = re.compile(
    r"\b(?:serves?|serving|service areas?|operates? (?:in|across|throughout)|available (?:in|across|throughout)|"
    r"delivers? (?:to|in)|ships? to|covers?|sells? (?:in|to)|active in|customers in)\b",
    re.IGNORECASE,
)
# Places: capitals and numbers, with what stands between them.
_PLACES = re.compile(
    r"(?:^|[\s:(])((?:[^\W\d_a-z]|\d)[\w'\u2019./-]*"
    r"(?:,?\s+(?:(?:[^\W\d_a-z]|\d)[\w'\u2019./-]*|(?:and|of|am|an der|the)\b))*)"
)
_EVERYWHERE = re.compile(r"\b(?:worldwide|globally|internationally|everywhere)\b", re.IGNORECASE)


def claims(sentence: str) -> dict[str, list[str]]:
    """Fact -> the texts that state it."""
    found = {fact: list(dict.fromkeys(find(sentence))) for fact, find in _FINDERS.items()}
    return {fact: said for fact, said in found.items() if said}


def currencies(text: str) -> frozenset[str]:
    """Which currencies a sign, a code or a name may mean."""
    return _SIGNS.get(text) or _NAMES.get(" ".join(text.casefold().split())) or frozenset({text})


def amounts(text: str) -> set[Decimal]:
    """What a number may mean: a comma or a point before three last digits says either."""
    bare = re.sub(r"[ '\u00a0\u202f]", "", text)
    marks = [mark for mark in bare if mark in ",."]
    if not marks:
        return {Decimal(bare)}
    whole = Decimal(re.sub(r"[,.]", "", bare))
    head, tail = re.split(r"[,.](?=\d+$)", bare, maxsplit=1)
    broken = Decimal(f"{re.sub(r'[,.]', '', head)}.{tail}")
    if len(marks) > 1:
        return {broken} if len(set(marks)) > 1 else {whole}
    return {whole, broken} if len(tail) == 3 else {broken}  # noqa: PLR2004 - digits between two separators


def _prices(sentence: str) -> Iterator[str]:
    return (match[0].strip() for match in PRICE.finditer(sentence))


def _skus(sentence: str) -> Iterator[str]:
    return (match[1] for match in _SKU.finditer(sentence) if any(map(str.isdigit, match[1])))


def _domains(sentence: str) -> Iterator[str]:
    if (said := _WEB.search(sentence)) is not None:
        yield from (match[1] for match in _HOST.finditer(sentence, said.end()))


def _phones(sentence: str) -> Iterator[str]:
    said = _CALL.search(sentence)
    for match in _DIGITS.finditer(sentence):
        number = match[0].strip(" .-/(")
        if sum(map(str.isdigit, number)) in DIALLED and (
            number.startswith("+") or (said is not None and said.end() <= match.start())
        ):
            yield number


def _taxes(sentence: str) -> Iterator[str]:
    return (match[1].strip() for match in _TAX.finditer(sentence))


def _legal_names(sentence: str) -> Iterator[str]:
    return (match[1].rstrip(".") for match in _LEGAL.finditer(sentence))


def _trading_names(sentence: str) -> Iterator[str]:
    return (match[1].rstrip(".") for match in _TRADES.finditer(sentence))


def _addresses(sentence: str) -> Iterator[str]:
    """The place behind the word that says that somebody is there."""
    if (said := _THERE.search(sentence)) is None:
        return
    tail = sentence[said.end() :]
    if (stop := _SERVES.search(tail)) is not None:
        tail = tail[: stop.start()]
    for match in re.finditer(r"(?:\b(?:in|at|is)|:)(?=\s)", tail):
        if (place := _PLACES.match(tail, match.end())) is not None:
            yield place[1].rstrip(".")
            return


def _areas(sentence: str) -> Iterator[str]:
    if (said := _SERVES.search(sentence)) is None:
        return
    tail = sentence[said.end() :]
    if (place := _PLACES.search(tail)) is not None:
        yield from _listed(place[1])
    elif (everywhere := _EVERYWHERE.search(tail)) is not None:
        yield everywhere[0]


def _listed(text: str) -> Iterator[str]:
    for each in re.split(r",|\band\b", text):
        place = re.sub(r"^(?:the|all of|of)\s+", "", each.strip()).strip(" .")
        if place:
            yield place


_FINDERS: Mapping[str, Callable[[str], Iterator[str]]] = {
    "price": _prices, "sku": _skus, "domain": _domains, "phone": _phones, "tax_number": _taxes,
    "legal_name": _legal_names, "trading_names": _trading_names, "address": _addresses, "service_areas": _areas,
}  # fmt: skip
