"""`revmark sweep`: what is no kind of record is refused before anybody is asked to read it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import Result

from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.shares import SHARES
from streams.platforms.xero.client import XeroClient

Run = Callable[..., Result]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("hubspt",),
            "'hubspt' is no platform (there are: hubspot, xero). Nothing was sent. Next: revmark sweep hubspot",
        ),
        (("hubspot", "--kind", "foo"), "'foo' is no kind of record of hubspot (there are: "),
        (("xero", "--kind", "item", "--kind", "invoic"), "Nothing was sent. Next: revmark sweep xero --kind invoice"),
        (("xero", "--kind", "deal"), "'deal' is no kind of record of xero (there are: item, contact, invoice, "),
    ],
)
def test_what_no_lane_reads_is_refused_before_it_is_asked_for(run: Run, words: tuple[str, ...], said: str):
    result = run("sweep", *words)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize("words", [("hubspot",), ("xero", "--kind", "credit_note", "--kind", "item")])
def test_what_a_lane_reads_is_asked_for(run: Run, words: tuple[str, ...]):
    result = run("sweep", *words)
    assert result.exit_code == 3  # the broker is away
    assert "Nothing was sent. Next: start the broker" in result.stderr


def test_the_kinds_are_those_that_lanes_read():
    assert {name: tuple(share.entities) for name, share in SHARES.items()} == {
        "hubspot": HubSpotClient.kinds, "xero": XeroClient.kinds,
    }  # fmt: skip
