"""Which person of the CRM is which of the ERP: the two that could be paired first, whoever is asked first."""

from __future__ import annotations

from itertools import permutations

from agents.rules.pairing import Pair, Person, paired

ACME = "company:acme"


def person(ref: str, *, gone: bool = False, member: str = "", **shown: int) -> Person:
    """One that has shown addresses, each since when."""
    return Person(ref, {(ACME, mail): (since, member or ref) for mail, since in shown.items()}, gone)


def pairs(people: list[Person], books: list[Person]) -> set[tuple[str, str]]:
    """Who is whom; the same in every order."""
    found = [
        {(pair.crm, pair.erp) for pair in paired(some, others)}
        for some in permutations(people)
        for others in permutations(books)
    ]
    assert all(each == found[0] for each in found)
    return found[0]


def test_who_showed_the_address_first_keeps_it():
    one, two, book = person("1", ann=5), person("2", ann=3), person("a", ann=1)
    assert pairs([one, two], [book]) == {("2", "a")}
    assert pairs([one, two], [person("a", ann=9)]) == {("1", "a")}  # both could be, from then on: the older id


def test_one_that_comes_to_an_address_later_takes_nobody_away_and_finds_another():
    one, two = person("1", office=9, ann=2), person("2", office=4)
    assert pairs([one, two], [person("a", office=1)]) == {("2", "a")}
    assert pairs([one, two], [person("a", office=1), person("b", ann=1)]) == {("2", "a"), ("1", "b")}


def test_one_that_is_gone_keeps_a_counterpart_that_nobody_else_can_have():
    gone, there = person("1", gone=True, ann=1), person("2", ann=7)
    assert pairs([gone], [person("a", ann=1)]) == {("1", "a")}
    assert pairs([gone, there], [person("a", ann=1)]) == {("2", "a")}


def test_nobody_is_paired_across_customers_or_without_an_address():
    other = Person("2", {("company:other", "ann"): (1, "2")})
    assert pairs([person("1"), other], [person("a", ann=1)]) == set()


def test_a_pair_says_whose_record_was_first():
    survivor, book = person("9", member="6", ann=4), person("a", ann=3)
    assert paired([survivor], [book]) == [Pair("9", "a", "6", elder=True)]
    assert paired([survivor], [person("a", ann=5)]) == [Pair("9", "a", "6", elder=False)]
