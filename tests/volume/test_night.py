"""A short night with each test run: `make night` reconciles a long one."""

import pytest

from tests.volume.daybooks import Ledger
from tests.volume.night import reconciled


@pytest.mark.slow
def test_what_is_planted_in_a_night_of_many_pages_is_found_and_nothing_else():
    figures = reconciled(Ledger(450, spoilt=97, lost=149))
    assert (figures.planted, figures.found, figures.false) == (7, 7, 0)
    assert figures.documents == 450 + 45 + 447
    assert figures.calls["hubspot"] >= 450 // 200  # it searches a page at a time, and asks for what is missing by id
