"""The books: a day down to its documents, and the nights that people signed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import Result

from console.page.books import books, one_day, reconciled
from console.page.earnings import earned
from console.projection.delivery import SHELVES, STATES
from console.projection.reconciled import nights, overdue
from console.projection.signed import changed, settled
from console.projection.store import Store
from console.projection.summary import status
from schemas.audit import Signature, Sum, Tally
from schemas.errors import RevmarkError, SettingsError
from schemas.names import Entity, Side
from schemas.night import Night
from streams.settings import Settings
from tests.support.capturing import crm, erp, erp_invoice
from tests.unit.console.records import at, delivery, total, variance
from tests.unit.console.scene import Scene
from tests.unit.watch.books import settlement

DAY = "2026-11-20"
HOUR = 3600.0


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Store]:
    """Two invoices of a day: one that the CRM shows as well, one that it does not show yet."""
    scene = Scene(tmp_path)
    scene.see(erp("a", Name="Acme"), crm("1", name="Acme", xero_contact_id="a"))
    shown = {"Date": "/Date(1795132800000+0000)/", "Total": "100.00", "AmountDue": "100.00", "CurrencyCode": "EUR"}
    scene.see(erp_invoice("j", "a", **shown))
    for command in scene.asked(Side.CRM):
        scene.write(command)
    scene.see(erp_invoice("i", "a", **shown))
    store = scene.store()
    store.apply(
        [
            delivery("totals", 0, total(Side.ERP, "200.00", invoices=2), "e"),
            delivery("totals", 1, total(Side.CRM, "100.00"), "c"),
            delivery("totals", 2, total(Side.CRM, "7.00", day="2026-11-19"), "d"),
            delivery("variances", 0, variance(1, kind="missing"), "v1"),
            delivery("variances", 1, variance(2, "closed"), "v2"),
        ]
    )
    yield store
    store.close()


def test_a_day_comes_with_its_variances(scene: Store):
    found = books(scene)["EUR"]
    assert [(each["day"], each["difference"], each["open"], each["closed"]) for each in found] == [
        ("2026-11-19", "7.00", 0, 0), (DAY, "-100.00", 1, 1),
    ]  # fmt: skip


def test_a_day_leads_to_its_documents_and_each_to_its_record(scene: Store):
    found = one_day(scene, DAY, "EUR")
    assert (found["totals"]["erp"]["total"], found["of"]) == ("200.00", 2)
    assert [(each["number"], each["customer"], each["crm"], each["erp"]) for each in found["documents"]] == [
        ("INV-i", "Acme", None, "100.00"), ("INV-j", "Acme", "100.00", "100.00"),
    ]  # fmt: skip
    assert [(each["agreed"], each["difference"]) for each in found["documents"]] == [(False, "-100.00"), (True, "0.00")]
    assert all(each["record"].startswith("invoice:") for each in found["documents"])
    assert [each["state"] for each in found["variances"]] == ["open", "closed"]
    assert one_day(scene, DAY, "NZD") == {
        "day": DAY, "currency": "NZD", "totals": None, "variances": [], "documents": [], "of": 0, "signed": [],
    }  # fmt: skip


def signed(seconds: float, night: str = "2026-11-20") -> Signature:
    heard = [
        Tally(currency="EUR", kind="credit_note", stream_erp=Sum(count=1, total=Decimal(9))),
        Tally(currency="EUR", kind="payment", stream_erp=Sum(count=1, total=Decimal(50))),
        Tally(currency="EUR", kind="refund", stream_erp=Sum(count=1, total=Decimal(50))),
    ]
    tallies = [Tally(currency="EUR", kind=each.kind, erp=each.stream_erp) for each in heard]
    return Signature(
        tenant="main", night=night, who="Kim", at=at(seconds), contract="c", tallies=tallies, heard=heard, why="so"
    )


def test_a_signed_night_is_watched_by_the_rows_of_money_that_were_read_since(store: Store):
    rows = [
        settlement(0, 1),
        settlement(1, 2, refund=True),
        settlement(2, 3, Entity.CREDIT_NOTE),
        settlement(3, 4, deleted=True),
        settlement(4, 5, status="deleted"),
        settlement(5, 6, date="2026-11-21"),
        settlement(6, 7, Entity.CREDIT_NOTE, status="draft"),
    ]
    store.apply([*rows, delivery("signatures", 0, signed(10), "main|2026-11-20")])
    assert settled(store, ["2026-11-20"]) == {"2026-11-20": signed(10).heard}
    assert changed(store) == []
    store.apply([settlement(7, 8)])
    assert changed(store) == [], "nobody has read to the end since it was signed"
    store.caught_up(STATES)  # at 30 seconds
    (found,) = changed(store)
    assert found.what == ("EUR payments in Xero: signed 1 of 50, the stream now counts 2 of 100.00",)
    assert status(store)["needs_person"] == {"signed": 1}
    (shown,) = reconciled(store)
    assert (shown["night"], shown["signed"], shown["changed"]) == ("2026-11-20", "Kim", list(found.what))
    assert one_day(store, "2026-11-20", "EUR")["signed"] == [{"who": "Kim", "at": at(10).isoformat(), "why": "so"}]
    assert one_day(store, "2026-11-21", "EUR")["signed"] == []
    store.apply([delivery("signatures", 1, signed(40), "main|2026-11-20")])
    assert changed(store) == [], "signed again, later than what was read"


def reconciled_at(seconds: float, night: str, **given: Any) -> Night:
    usual = {"tenant": "main", "night": night, "at": at(seconds), "contract": "c", "says": "so it is", "whole": True}
    return Night.model_validate(usual | given)


def test_nights_are_listed_with_what_was_found_and_what_changed(store: Store, run: Callable[..., Result]):
    words = [signed(10, "2026-11-19"), signed(10, "2026-11-20"), signed(10, "2026-11-17")]
    found = [
        reconciled_at(5, "2026-11-18", variances=2), reconciled_at(9, "2026-11-17", variances=1),
        reconciled_at(5, "2026-11-16", alarms=1), reconciled_at(5, "2026-11-15"),
    ]  # fmt: skip
    store.apply([delivery("signatures", n, each, f"main|{each.night}") for n, each in enumerate(words)])
    store.apply([delivery("nights", n, each, f"main|{each.night}") for n, each in enumerate(found)])
    store.apply([settlement(n, n, date=each.night) for n, each in enumerate(words)])
    store.apply([settlement(n + 3, n + 3, refund=True, date=each.night) for n, each in enumerate(words)])
    store.apply([settlement(n + 6, n + 6, Entity.CREDIT_NOTE, date=each.night) for n, each in enumerate(words[1:])])
    store.caught_up((*SHELVES, *STATES))
    known = {each.night: (each.differs, len(each.changed)) for each in nights(store)}
    assert known == {
        "2026-11-20": (False, 0), "2026-11-19": (False, 1), "2026-11-18": (True, 0), "2026-11-17": (False, 0),
        "2026-11-16": (True, 0), "2026-11-15": (False, 0),
    }  # fmt: skip
    assert status(store)["needs_person"] == {"signed": 1, "nights": 2}
    assert [each["night"][-2:] for each in reconciled(store)] == ["19", "18", "16", "20", "17", "15"]
    result = run("totals", "--nights", "--offline", "--json")
    told = [orjson.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    assert (result.exit_code, [each["night"][-2:] for each in told]) == (1, ["20", "19", "18", "17", "16", "15"])
    assert run("totals", "--nights", "--offline", "--day", "2026-11-20").exit_code == 0
    assert run("totals", "--nights", "--offline", "--day", "2026-11-18").exit_code == 1
    assert "EUR credit notes in Xero: signed 1 of 9" in run("totals", "--nights", "--offline").output


@pytest.mark.parametrize(
    ("hour", "made", "late"),
    [
        (None, [], 0), (3, [], HOUR), (4, [], 0), (3, [{"whole": True}], 0), (3, [{"whole": False}], HOUR),
        (4, [{"whole": True, "night": "2026-11-18"}], 0), (5, [], 24 * HOUR - HOUR),
    ],
)  # fmt: skip
def test_a_night_is_overdue_until_it_was_read_whole(store: Store, hour: int | None, made: list[Any], late: float):
    told = [reconciled_at(1, **({"night": "2026-11-19"} | each)) for each in made]
    store.apply([delivery("nights", n, each, f"main|{each.night}") for n, each in enumerate(told)])
    assert overdue(store, datetime(2026, 11, 20, 4, tzinfo=UTC), "UTC", hour) == late


@pytest.mark.parametrize("day", ["", "2026-13-01", "soon", "2026-11"])
def test_a_day_that_is_none_is_wrong_use(scene: Store, day: str):
    with pytest.raises(SettingsError, match="YYYY-MM-DD"):
        one_day(scene, day, "EUR")


def test_a_months_revenue_is_split_as_on_the_command_line(scene: Store, tmp_path: Path):
    settings = Settings(contract=tmp_path / "contract.yaml", _env_file=None)  # type: ignore[call-arg]
    now = datetime(2026, 11, 3, 0, tzinfo=UTC)
    found = earned(scene, settings, "", "customer", "posted", now)
    assert (found["month"], found["months"], found["fields"][:2]) == ("2026-11", ["2026-11"], ["customer", "deal"])
    assert [(each["name"], each["net"], each["currency"]) for each in found["shares"]] == [("Acme", "200.00", "EUR")]
    said = "Of the month's invoices, before credit: 200.00 EUR invoiced: the stream's total of what the ERP posted"
    assert found["proof"][0]["says"].startswith(said)
    (cash,) = earned(scene, settings, "2026-11", "customer", "cash", now)["proof"]
    assert (cash["of"], cash["state"], cash["unread"]) == ("money", "unread", ["2026-11-01", "2026-11-02"])
    for month, by, basis in (("2026-1", "customer", "posted"), ("", "weather", "posted"), ("", "deal", "hope")):
        with pytest.raises(RevmarkError):
            earned(scene, settings, month, by, basis, now)
