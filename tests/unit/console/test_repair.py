"""`revmark repair`: which variance is meant, what is proposed, and what would be asked of which lane."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from agents.rules.audit import audit
from console.reconciling import keep
from console.repairing import find, readings
from schemas.audit import Audit, Discrepancy
from schemas.errors import Refused
from streams.settings import Settings
from tests.unit.agents.papers import AT, NIGHT, RULES, invoice, mirror, paid, payment, replace

Run = Callable[..., Result]


def kept(folder: Path, night: str = NIGHT) -> list[Discrepancy]:
    """A night with a wrong amount, a missing payment, a second mirror and an invoice that is on its way."""
    wrong, twice = invoice("1"), invoice("2")
    part = paid(replace(invoice("3"), settlements=(payment("p", "40.00", "T 1"),)))
    fresh = replace(invoice("4"), modified=RULES.at)
    books = [wrong, twice, part, fresh]
    mirrors = [mirror(wrong, total="90.00"), mirror(twice), mirror(twice, "9", key=""), mirror(part, paid="0")]
    found = audit(mirrors, books, replace(RULES, night=night))
    settings = Settings(_env_file=None, state=folder)
    keep(settings, Audit(tenant="main", night=night, at=AT, contract="c", discrepancies=found))
    return found


def named(found: list[Discrepancy], kind: str) -> Discrepancy:
    return next(each for each in found if each.kind == kind)


def test_it_is_found_by_its_first_digits_in_any_night(tmp_path: Path):
    found = kept(tmp_path)
    kept(tmp_path, "2026-11-19")
    settings = Settings(_env_file=None, state=tmp_path)
    for each in found:
        assert find(settings, each.id[:8].upper()).variance == each
    for words, said in (("abc", "too short"), ("ffffffffffff", "no variance")):
        with pytest.raises(Refused, match=said):
            find(settings, words)


def test_a_report_that_was_cut_short_is_named_with_what_makes_it_anew(tmp_path: Path):
    kept(tmp_path)
    path = tmp_path / "reconcile" / f"{NIGHT}.json"
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(Refused, match=rf"{NIGHT}\.json is no report .* Next, .*: revmark reconcile --night {NIGHT}"):
        find(Settings(_env_file=None, state=tmp_path), "abcd")
    other = kept(tmp_path, "2026-11-19")[0]
    path.write_bytes(path.read_bytes()[:100])
    assert find(Settings(_env_file=None, state=tmp_path), other.id).variance == other, "of another night"


def test_the_records_behind_it_are_read_anew_by_the_lanes_that_own_them(tmp_path: Path):
    found = kept(tmp_path)
    settings = Settings(_env_file=None, state=tmp_path)
    asked = readings(settings, named(found, "missing"), AT)
    assert [(each.connection, each.kind, each.record_ids, each.anew) for each in asked] == [
        ("main.xero", "invoice", ["3"], True),
        ("main.xero", "payment", ["p"], True),
        ("main.hubspot", "invoice", ["3"], True),
    ]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("amount", "Revmark: Revmark reads both again"),
        ("duplicate", "A person: sales: delete hubspot/invoice/9 in HubSpot"),
        ("late", "Nobody: it is on its way"),
    ],
)
def test_a_proposal_says_who_does_what_where_and_sends_nothing(tmp_path: Path, run: Run, kind: str, said: str):
    each = named(kept(tmp_path), kind)
    done = run("repair", each.id[:8])
    assert done.exit_code == 1
    assert said in done.stdout
    assert (f"Next: revmark repair {each.id[:8]} --yes" in done.stdout) is (kind == "amount")
    assert json.loads(run("repair", each.id, "--json").stdout)["id"] == each.id


def test_what_only_a_person_can_do_is_not_done_with_yes_either(tmp_path: Path, run: Run):
    found = kept(tmp_path)
    assert run("repair", named(found, "duplicate").id, "--yes").exit_code == 1
    done = run("repair", named(found, "amount").id, "--yes")
    assert done.exit_code == 3, "no broker is there"
    assert "Nothing was sent" in done.stderr


def test_a_variance_that_is_not_known_is_told_with_what_to_run(run: Run):
    done = run("repair", "0123456789")
    assert done.exit_code == 2
    assert "Next: revmark reconcile --night" in done.stderr
