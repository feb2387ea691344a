"""A record's page: what it draws, and where the lists lead."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from console.page.app import create_app
from console.page.overview import overview
from streams.settings import Settings
from tests.support.capturing import crm, erp, erp_invoice
from tests.unit.console.records import INERT, at
from tests.unit.console.scene import Scene


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    scene = Scene(tmp_path)
    scene.see(
        erp("a", Name=INERT), crm("1", name=INERT, xero_contact_id="a"), erp_invoice("i", "a", InvoiceNumber="INV-9")
    )
    scene.see(
        crm("2", name="Beta"), erp("b", Name="Gamma", EmailAddress="beta", FirstName="B"), crm("3", name="Beta Two")
    )
    scene.store().close()
    settings = Settings(state=tmp_path, contract=tmp_path / "contract.yaml", broker="127.0.0.1:1", _env_file=None)  # type: ignore[call-arg]
    transport = httpx.ASGITransport(app=create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as client:
        yield client


async def test_a_record_is_explained_as_on_the_command_line(page: httpx.AsyncClient):
    found = (await page.get("/api/explain", params={"record": "hubspot:company:1"})).json()
    assert (found["label"], found["sides"]["erp"]["ref"]) == (INERT, "xero:contact:a")
    assert {each["field"] for each in found["fields"]} >= {"name", "currency", "payment_terms"}
    assert found["history"]
    assert "text/html" in (await page.get("/record", params={"record": found["record"]})).headers["content-type"]


async def test_a_name_of_several_gives_them_to_choose_from(page: httpx.AsyncClient):
    found = (await page.get("/api/explain", params={"record": "bet"})).json()
    assert len(found["candidates"]) > 1
    for each in found["candidates"]:
        assert (await page.get("/api/explain", params={"record": each["record"]})).json()["label"] == each["label"]


@pytest.mark.parametrize("asked", ["nobody", "", "hubspot:company:999"])
async def test_one_that_is_not_there_is_404_with_what_to_try(page: httpx.AsyncClient, asked: str):
    answer = await page.get("/api/explain", params={"record": asked})
    assert answer.status_code == 404
    assert "revmark explain" in answer.json()["error"] or "Next:" in answer.json()["error"]


async def test_what_the_lists_name_leads_to_a_page(page: httpx.AsyncClient, tmp_path: Path):
    scene = Scene(tmp_path)
    scene.see(crm("9", name="Delta"))
    store = scene.store(name="other")
    found = overview(store, at(0), Settings(_env_file=None))
    store.close()
    named = {each["record"] for each in found["decisions"]}
    assert named
    words = (await page.get("/static/words.js")).text
    assert "/record?record=${encodeURIComponent(record)}" in words
