"""Paying: which company pays for which, among the rows of `identity`. One writer per tenant (capture).

Rows: `o|<ref>` -> {"payer", "subsidiary"} of a company of the CRM: the record that pays for it (None: itself), and what
it says of its subsidiary; `f|<ref>` -> the companies for which that one pays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tables.view import View


class Paying:
    """Who pays for whom, of one tenant, over a view."""

    def __init__(self, view: View, tenant: str) -> None:
        """Open what is known of `tenant`."""
        self._view = view
        self._tenant = tenant

    def note(self, companies: Iterable[str], payer: str | None, subsidiary: str | None) -> bool:
        """Note who pays for a company and those merged into it, None: itself. False when all of it was known."""
        now, news = {"payer": payer, "subsidiary": subsidiary}, False
        for each in companies:
            before, was = self._row(each), self.payer(each)
            news = news or before != now
            if was != payer and was is not None:
                self._list(was, self.children(was) - {each})
            if was != payer and payer is not None:
                self._list(payer, self.children(payer) | {each})
            if before != now:
                self._view[self._key("o", each)] = now
        return news

    def payer(self, company: str) -> str | None:
        """The company that pays for one; None: itself."""
        return self._row(company).get("payer")

    def subsidiary(self, company: str) -> str | None:
        """What a company says of its subsidiary."""
        return self._row(company).get("subsidiary")

    def children(self, payer: str) -> set[str]:
        """The companies for which one pays."""
        return set(self._view.get(self._key("f", payer)) or ())

    def adopt(self, payer: str, merged: str) -> list[str]:
        """Note that a company pays for those for which one paid that was merged into it; these."""
        inherited = self.children(merged)
        if inherited:
            self._list(merged, set())
            self._list(payer, self.children(payer) | inherited)
        return _oldest_first(inherited)

    def _row(self, company: str) -> dict[str, Any]:
        return self._view.get(self._key("o", company)) or {}

    def _key(self, kind: str, reference: str) -> str:
        return f"{self._tenant}|{kind}|{reference}"

    def _list(self, payer: str, children: set[str]) -> None:
        key = self._key("f", payer)
        if children:
            self._view[key] = _oldest_first(children)
        elif self._view.get(key) is not None:
            del self._view[key]


def _oldest_first(references: set[str]) -> list[str]:
    """In an order that hangs on no hash: rows stand on the changelog in the order in which they were written."""
    return sorted(references, key=lambda name: (len(name), name))
