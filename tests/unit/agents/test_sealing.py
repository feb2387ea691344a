"""A seal: of any order and any parts the same, of any other document another."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rules.gathering import sums
from agents.rules.sealing import BYTES, UNSEALED, joined, seal
from tests.unit.agents.papers import NIGHT, invoice, mirror, replace

PAPERS = [invoice(str(n), f"{n * 10}.00") for n in range(1, 8)]


def sealed(names: list[str]) -> str:
    return reduce(joined, names, UNSEALED)


@given(st.permutations([seal(each) for each in PAPERS]), st.integers(0, len(PAPERS)))
def test_neither_order_nor_parts_change_a_seal(names: list[str], at: int):
    whole = sealed([seal(each) for each in PAPERS])
    assert sealed(names) == whole
    assert joined(sealed(names[:at]), sealed(names[at:])) == whole
    assert len(whole) == 2 * BYTES


@given(st.lists(st.sampled_from(PAPERS), min_size=1))
def test_a_document_more_gives_another_seal_be_it_there_already(papers: list):
    names = [seal(each) for each in papers]
    assert len({sealed(names), sealed([*names, names[0]]), sealed(names[1:])}) == 3


@pytest.mark.parametrize("changed", [{"day": "2026-11-19"}, {"currency": "EUR"}, {"customer": "xero/contact/2"}])
def test_each_figure_that_counts_is_under_the_seal(changed: dict[str, str]):
    assert seal(replace(PAPERS[0], **changed)) != seal(PAPERS[0])
    assert seal(replace(PAPERS[0], total=PAPERS[1].total)) != seal(PAPERS[0])


def test_a_night_is_sealed_by_side_and_only_what_counts_of_it():
    draft, other_day = (invoice("8", status="draft"), invoice("9", day="2026-11-19"))
    (tally,) = sums([mirror(PAPERS[0])], [PAPERS[0], PAPERS[1], draft, other_day], NIGHT)
    assert tally.crm_seal == seal(mirror(PAPERS[0]))
    assert tally.erp_seal == joined(seal(PAPERS[0]), seal(PAPERS[1]))
