"""Spellings: when two values are one fact, written in two ways.

In: two values of a fact. Out: `same`, `variant` (another form of the same) or `contradiction`. Pure and symmetric; a
value and itself are the same. Keys are idempotent: the key of a key is that key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from agents.rules.duplicates import bare, name_key
from schemas.money import exact

Likeness = Literal["same", "variant", "contradiction"]
PARTS = ("street", "city", "region", "postal_code", "country")  # of an address
LOCAL = 7  # digits of a telephone number without its area: what shorter ones share says nothing
_WORDS = re.compile(r"[^\W_]+")
_STREETS = {
    "avenue": "ave", "boulevard": "blvd", "building": "bldg", "court": "ct", "drive": "dr", "floor": "fl",
    "highway": "hwy", "lane": "ln", "parade": "pde", "place": "pl", "road": "rd", "square": "sq", "street": "st",
    "suite": "ste", "terrace": "tce",
}  # fmt: skip
# Names of countries that both platforms' users write in more than one way; any other is compared as it is written.
COUNTRIES = {
    "at": ("austria", "osterreich"), "au": ("australia", "aus"), "be": ("belgium",), "br": ("brazil", "brasil"),
    "ca": ("canada",), "ch": ("switzerland", "schweiz", "suisse"), "cn": ("china",),
    "cz": ("czechia", "czech republic"),
    "de": ("germany", "deutschland"), "dk": ("denmark", "danmark"), "es": ("spain", "espana"), "fi": ("finland",),
    "fr": ("france",), "gb": ("united kingdom", "uk", "great britain"), "ie": ("ireland",), "in": ("india",),
    "it": ("italy", "italia"), "jp": ("japan",), "mx": ("mexico",), "nl": ("netherlands", "the netherlands", "holland"),
    "no": ("norway", "norge"), "nz": ("new zealand", "aotearoa"), "pl": ("poland", "polska"), "pt": ("portugal",),
    "se": ("sweden", "sverige"), "sg": ("singapore",),
    "us": ("united states", "united states of america", "usa", "america"), "za": ("south africa",),
}  # fmt: skip
_LEGAL = {"limited": "ltd", "incorporated": "inc", "corporation": "corp", "company": "co", "proprietary": "pty"}
_CODES = {name: code for code, names in COUNTRIES.items() for name in names}


def folded(text: str) -> str:
    """A text as words, without case, accents and punctuation."""
    return " ".join(_WORDS.findall(bare(text)))


def compact(text: str) -> str:
    """A number or code without case and whatever stands between its parts."""
    return "".join(_WORDS.findall(bare(text)))


def legal_key(text: str) -> str:
    """A legal name: unlike a name's, its form counts, and may be written out or not."""
    return " ".join(
        _LEGAL.get(word, word) for word in folded(bare(text).replace("&", " and ").replace(".", "")).split()
    )


def street_key(text: str) -> str:
    """A street, its usual words shortened."""
    words = (_STREETS.get(word, word) for word in folded(text).split())
    return " ".join(re.sub("strasse$", "str", word) for word in words)


def country_key(text: str) -> str:
    """A country's two letters where they are known, else its name."""
    name = folded(text)
    return _CODES.get(name, name)


def domain_key(text: str) -> str:
    """A domain without scheme, www and path."""
    named = re.sub(r"^(https?://)?(www\.)*", "", text.strip().casefold())
    return re.split(r"[/\s]", named)[0].rstrip(".")


def alike(fact: str, left: Any, right: Any) -> Likeness:
    """How two values of a fact stand to each other. Neither may be empty."""
    if left == right:
        return "same"
    return "variant" if _ALIKE.get(fact, _texts)(left, right) else "contradiction"


def members(value: Any) -> list[str]:
    """The texts of a set, which one text is as well."""
    return [value] if isinstance(value, str) else [str(each) for each in value or ()]


def _texts(left: Any, right: Any) -> bool:
    return folded(str(left)) == folded(str(right))


def _names(left: Any, right: Any) -> bool:
    return name_key(str(left)) == name_key(str(right))


def _legal(left: Any, right: Any) -> bool:
    return legal_key(str(left)) == legal_key(str(right))


def _sets(left: Any, right: Any) -> bool:
    return set(map(folded, members(left))) == set(map(folded, members(right)))


def _numbers(left: Any, right: Any) -> bool:
    """Codes; a tax number may be written without the two letters of its country."""
    mine, theirs = compact(str(left)), compact(str(right))
    return mine == theirs or theirs in _unlettered(mine) or mine in _unlettered(theirs)


def _unlettered(number: str) -> Iterable[str]:
    return (number[2:],) if re.match(r"[a-z]{2}\d", number) else ()


def _codes(left: Any, right: Any) -> bool:
    return compact(str(left)) == compact(str(right))


def _domains(left: Any, right: Any) -> bool:
    return domain_key(str(left)) == domain_key(str(right))


def _phones(left: Any, right: Any) -> bool:
    """One may be written from abroad and one from nearby."""
    mine, theirs = sorted((_dialled(str(left)), _dialled(str(right))), key=len)
    return mine == theirs or (len(mine) >= LOCAL and theirs.endswith(mine))


def _dialled(text: str) -> str:
    return re.sub(r"\D", "", text.replace("(0)", "")).lstrip("0")


def _prices(left: Any, right: Any) -> bool:
    return exact(left) == exact(right)


def _addresses(left: Any, right: Any) -> bool:
    """A part that one of them leaves out is no other place; all that both state has to be the same."""
    mine, theirs = address_keys(left), address_keys(right)
    both = [part for part in PARTS if mine[part] and theirs[part]]
    return bool(both) and all(mine[part] == theirs[part] for part in both)


def address_keys(address: Mapping[str, Any]) -> dict[str, str]:
    """An address's parts as they are compared."""
    keys = {"street": street_key, "city": folded, "region": folded, "postal_code": compact, "country": country_key}
    return {part: keys[part](str(address.get(part) or "")) for part in PARTS}


_ALIKE = {
    "name": _names, "legal_name": _legal, "trading_names": _sets, "service_areas": _sets, "address": _addresses,
    "tax_number": _numbers, "sku": _codes, "domain": _domains, "phone": _phones, "price": _prices,
}  # fmt: skip
