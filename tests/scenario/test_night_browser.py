"""The page of a reconciled night in Chromium: on a phone, wide and as it prints, read by axe-core."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from console.audited.page import page
from schemas.audit import Audit, Sum, Tally
from tests.support.chromium import complaints, keep
from tests.unit.agents.papers import AT, NIGHT
from tests.unit.console.test_repair import kept

WIDTHS = {"phone": 390, "wide": 1280, "paper": 700}


def test_a_night_is_readable_on_a_phone_and_on_paper(chromium: Any, tmp_path: Path):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - where there is a Chromium

    sums = {side: Sum(count=1_234, total=Decimal("1234567.89")) for side in ("crm", "erp", "stream_crm", "stream_erp")}
    totals = [Tally(currency=each, subsidiary="Aotearoa", kind="invoice", **sums) for each in ("NZD", "JPY")]
    night = Audit(tenant="main", night=NIGHT, at=AT, contract="c", tallies=totals, discrepancies=kept(tmp_path))
    path = tmp_path / "night.html"
    path.write_text(page(night), encoding="utf-8")
    tab = chromium.new_page()
    said = complaints(tab)
    tab.goto(path.as_uri())
    for place, width in WIDTHS.items():
        tab.set_viewport_size({"width": width, "height": 900})
        tab.emulate_media(media="print" if place == "paper" else "screen", color_scheme="dark")
        assert keep(tab, f"night-{place}").stat().st_size > 5_000, place
        assert tab.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0, place
        worst = [
            each["id"] for each in Axe().run(tab).response["violations"] if each["impact"] in {"serious", "critical"}
        ]
        assert worst == [], place
    assert tab.locator("article").count() == len(night.discrepancies) > 3
    assert said == []
    tab.close()
