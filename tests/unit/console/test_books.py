"""The books: a day down to its documents, and what people said."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.page.books import books, one_day
from console.page.earnings import earned
from console.projection.store import Store
from schemas.errors import RevmarkError, SettingsError
from schemas.names import Side
from streams.settings import Settings
from tests.support.capturing import crm, erp, erp_invoice
from tests.unit.console.records import delivery, total, variance
from tests.unit.console.scene import Scene

DAY = "2026-11-20"


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
        "day": DAY, "currency": "NZD", "totals": None, "variances": [], "documents": [], "of": 0,
    }  # fmt: skip


@pytest.mark.parametrize("day", ["", "2026-13-01", "soon", "2026-11"])
def test_a_day_that_is_none_is_wrong_use(scene: Store, day: str):
    with pytest.raises(SettingsError, match="YYYY-MM-DD"):
        one_day(scene, day, "EUR")


def test_a_months_revenue_is_split_as_on_the_command_line(scene: Store, tmp_path: Path):
    settings = Settings(contract=tmp_path / "contract.yaml", _env_file=None)  # type: ignore[call-arg]
    found = earned(scene, settings, "", "customer", "posted")
    assert (found["month"], found["months"], found["fields"][:2]) == ("2026-11", ["2026-11"], ["customer", "deal"])
    assert [(each["name"], each["net"], each["currency"]) for each in found["shares"]] == [("Acme", "200.00", "EUR")]
    assert found["proof"][0]["says"].startswith("200.00 EUR invoiced: the ERP's posted total of the month")
    for month, by, basis in (("2026-1", "customer", "posted"), ("", "weather", "posted"), ("", "deal", "hope")):
        with pytest.raises(RevmarkError):
            earned(scene, settings, month, by, basis)
