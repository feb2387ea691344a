"""Worlds of merges: what people do to companies and contacts on both sides, as each record shows it in the end.

Flows in: lots. Flows out: the versions of every record, each in its own order. People do only what the platforms let
them: nobody merges, deletes or archives what is not there any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from schemas.change import Change
from tests.support.capturing import crm, crm_person, deal, erp, erp_invoice
from tests.support.shuffling import Lots

NAMES = "abcdef"
DEEDS = ("crm_merge", "crm_merge", "crm_delete", "crm_restore", "erp_merge", "erp_merge", "erp_archive", "erp_restore")
MAILS = ("ann", "bob", "office")
AMONG_PEOPLE = (
    "person_merge",
    "person_merge",
    "person_mail",
    "person_delete",
    "person_restore",
    "person_moves",
    "books_mail",
)


class Chooses(Lots, Protocol):
    """Lots that also choose."""

    def choice(self, seq: Sequence[Any]) -> Any:
        """One of them."""
        ...

    def sample(self, population: Sequence[Any], k: int) -> list[Any]:
        """So many of them."""
        ...


@dataclass(slots=True)
class People:
    """People of companies, and the addresses in the books of contacts."""

    of: dict[str, str] = field(default_factory=dict)  # of a person: the company
    mails: dict[str, str] = field(default_factory=dict)
    within: dict[str, list[str]] = field(default_factory=dict)  # of a person: those merged into it
    there: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)
    books: dict[str, str] = field(default_factory=dict)  # of a contact: the address of its primary person

    def in_books(self, name: str) -> dict[str, str]:
        """What a contact shows of its primary person."""
        return {"EmailAddress": f"{self.books[name]}@acme.example"} if name in self.books else {}


@dataclass(slots=True)
class Town:
    """Customers on both sides, linked by id or not, with an invoice for each contact and a deal for each company.

    `mutual`: contacts name their company as well. `moved`: an invoice goes with its contact to the survivor.
    """

    mutual: bool = False
    moved: bool = True
    version: int = 1
    names: dict[str, str] = field(default_factory=dict)  # of a company: the contact that it names
    within: dict[str, list[str]] = field(default_factory=dict)  # of a company: those merged into it
    there: dict[str, list[str]] = field(default_factory=lambda: {"crm": [], "erp": []})
    away: dict[str, list[str]] = field(default_factory=lambda: {"crm": [], "erp": []})
    told: dict[tuple[str, str], list[Change]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)  # of a deal: its company
    holders: dict[str, str] = field(default_factory=dict)  # of an invoice: its contact
    numbers: dict[str, str] = field(default_factory=dict)  # of a contact: the company that it names

    people: People = field(default_factory=People)

    def settle_in(self, contacts: int, links: dict[str, str]) -> Town:
        """So many contacts, and companies with the contacts that they name, or none."""
        for name in NAMES[:contacts]:
            self.numbers[name] = next((one for one, other in links.items() if other == name and self.mutual), "")
            self.there["erp"].append(name)
            self.show_contact(name)
            self.holders[f"i{name}"] = name
            first = self.told["contact", name][0]
            self.told["invoice", f"i{name}"] = [first, erp_invoice(f"i{name}", name)]
        for number, name in links.items():
            self.names[number], self.within[number] = name, []
            self.there["crm"].append(number)
            self.show_company(number)
            self.owners[f"7{number}"] = number
            self.told["deal", f"7{number}"] = [deal(f"7{number}", number, dealstage="contractsent")]
        return self

    def show_contact(self, name: str, **more: Any) -> None:
        """A contact as it is now."""
        number = {"ContactNumber": self.numbers[name]} if self.numbers[name] else {}
        shown = erp(name, version=self.version, Name=name, **number, **self.people.in_books(name), **more)
        self.told.setdefault(("contact", name), []).append(shown)

    def show_company(self, number: str, *, deleted: bool = False) -> None:
        """A company as it is now."""
        named = {"xero_contact_id": self.names[number]} if self.names[number] else {}
        merged = ";".join(self.within[number])
        shown = crm(number, version=self.version, deleted=deleted, merged=merged, **named)
        self.told.setdefault(("company", number), []).append(shown)

    def act(self, deed: str, lots: Chooses) -> None:
        """Somebody does something, if it can be done."""
        self.version += 1
        side, what = deed.split("_")
        there, away = self.there[side], self.away[side]
        if what == "merge" and len(there) > 1:
            one = lots.choice(there)
            other = lots.choice([each for each in there if each != one])
            if side == "erp":
                self.merge_contacts(one, other)
            else:
                self.merge_companies(one, other, new=lots.random() < 0.75)
        elif what in {"delete", "archive"} and there:
            self.end(side, lots.choice(there))
        elif what == "restore" and away:
            self.restore(side, lots.choice(away))

    def merge_contacts(self, loser: str, survivor: str) -> None:
        """The ERP archives the loser and says where it went."""
        self.there["erp"].remove(loser)
        self.show_contact(loser, ContactStatus="ARCHIVED", MergedToContactID=survivor)
        for invoice, holder in self.holders.items() if self.moved else ():
            if holder == loser:
                self.holders[invoice] = survivor
                self.told["invoice", invoice].append(erp_invoice(invoice, survivor, version=self.version))

    def merge_companies(self, primary: str, other: str, *, new: bool) -> None:
        """The CRM makes one of two, with an id of its own (`new`) or, as it did formerly, the primary's."""
        survivor = str(91 + sum(len(each) > 1 for each in self.within)) if new else primary
        losers = [primary, other] if new else [other]
        self.within[survivor] = [*self.within.get(survivor, []), *(each for one in losers for each in self._all(one))]
        self.names[survivor] = self.names[primary] or self.names[other]
        self.there["crm"] = [each for each in self.there["crm"] if each not in {primary, other}] + [survivor]
        self.show_company(survivor)
        for number, owner in self.owners.items():
            if owner in losers:
                self.owners[number] = survivor
                shown = deal(number, survivor, version=self.version, dealstage="contractsent")
                self.told["deal", number].append(shown)

        for number, owner in self.people.of.items():
            if owner in losers:
                self.people.of[number] = survivor
                if number in self.people.there:
                    self.show_person(number)

    def _all(self, number: str) -> list[str]:
        return [*self.within[number], number]

    def peopled(self, lots: Chooses, count: int) -> Town:
        """With so many people of its companies, some with the address that is in the books."""
        for number in (str(51 + each) for each in range(count)):
            self.version += 1
            self.people.of[number] = lots.choice(self.there["crm"])
            self.people.mails[number], self.people.within[number] = lots.choice(MAILS), []
            self.people.there.append(number)
            self.show_person(number)
        return self

    def show_person(self, number: str, *, deleted: bool = False) -> None:
        """A person of the CRM as it is now."""
        people = self.people
        merged = {"hs_merged_object_ids": ";".join(people.within[number])} if people.within[number] else {}
        mail = f"{people.mails[number]}@acme.example"
        shown = crm_person(number, people.of[number], version=self.version, deleted=deleted, email=mail, **merged)
        self.told.setdefault(("person", number), []).append(shown)

    def act_on_people(self, deed: str, lots: Chooses) -> None:
        """Somebody does something to people, if it can be done."""
        self.version += 1
        people = self.people
        if deed == "books_mail" and self.there["erp"]:
            name = lots.choice(self.there["erp"])
            people.books[name] = lots.choice(MAILS)
            self.show_contact(name)
        elif deed == "person_restore" and people.away:
            number = lots.choice(people.away)
            people.away.remove(number)
            people.there.append(number)
            self.show_person(number)
        elif deed == "person_merge" and len(people.there) > 1:
            one, other = lots.sample(people.there, 2)
            self.merge_people(one, other)
        elif deed in {"person_mail", "person_moves", "person_delete"} and people.there:
            number = lots.choice(people.there)
            if deed == "person_mail":
                people.mails[number] = lots.choice(MAILS)
            elif deed == "person_moves" and self.there["crm"]:
                people.of[number] = lots.choice(self.there["crm"])
            elif deed == "person_delete":
                people.there.remove(number)
                people.away.append(number)
            self.show_person(number, deleted=deed == "person_delete")

    def merge_people(self, primary: str, other: str) -> None:
        """The CRM makes one person of two, with an id of its own."""
        people = self.people
        survivor = str(81 + sum(len(each) > 1 for each in people.within.values()))
        people.within[survivor] = [each for one in (primary, other) for each in (*people.within[one], one)]
        people.mails[survivor], people.of[survivor] = people.mails[primary], people.of[primary]
        people.there = [each for each in people.there if each not in {primary, other}] + [survivor]
        self.show_person(survivor)

    def end(self, side: str, name: str) -> None:
        """A company is deleted, or a contact archived."""
        self.there[side].remove(name)
        self.away[side].append(name)
        if side == "crm":
            self.show_company(name, deleted=True)
        else:
            self.show_contact(name, ContactStatus="ARCHIVED")

    def restore(self, side: str, name: str) -> None:
        """It is there again."""
        self.away[side].remove(name)
        self.there[side].append(name)
        if side == "crm":
            self.show_company(name)
        else:
            self.show_contact(name)

    def records(self) -> list[list[Change]]:
        """What each record shows, one version after the other."""
        return list(self.told.values())


def drawn(lots: Chooses, deeds: int = 5, **how: Any) -> Town:
    """A town in which people have done so much."""
    contacts = 2 + lots.randrange(3)
    links = {str(number): NAMES[number - 1] for number in range(1, contacts + 1) if lots.random() < 0.85}
    unlinked = {str(contacts + 1): ""} if lots.random() < 0.3 else {}
    found = Town(mutual=lots.random() < 0.4, **how).settle_in(contacts, links | unlinked)
    for _ in range(1 + lots.randrange(deeds)):
        found.act(lots.choice(DEEDS), lots)
    return found


def drawn_with_people(lots: Chooses, deeds: int = 6) -> Town:
    """A town in which people are merged, deleted, moved and given addresses, and companies merged."""
    contacts = 1 + lots.randrange(3)
    town = Town(mutual=lots.random() < 0.3, moved=False)
    town.people.books = {name: lots.choice(MAILS) for name in NAMES[:contacts] if lots.random() < 0.8}
    town.settle_in(contacts, {str(number): NAMES[number - 1] for number in range(1, contacts + 1)})
    town.peopled(lots, 1 + lots.randrange(4))
    for _ in range(lots.randrange(deeds)):
        if lots.random() < 0.8:
            town.act_on_people(lots.choice(AMONG_PEOPLE), lots)
        else:
            town.act(lots.choice(DEEDS), lots)
    return town
