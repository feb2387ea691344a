import asyncio
import getpass
import json
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from console.page.app import create_app, serve
from console.page.feed import Feed
from console.page.overview import daily, overview
from console.page.pages import PAGES, STATIC
from console.projection.store import Store
from schemas.names import Side
from streams.settings import Settings
from tests.unit.console.records import INERT, at, delivery, entry, event, total, variance

SOURCES = sorted(STATIC.iterdir())


@pytest.fixture
async def page(filled: Store) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(state=filled.path.parent.parent, broker="127.0.0.1:1", _env_file=None)
    transport = httpx.ASGITransport(app=create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as client:
        yield client


async def test_the_page_comes_with_headers_that_forbid_everything_else(page: httpx.AsyncClient):
    answer = await page.get("/")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8090", "127.0.0.1.evil.example", ""])
async def test_another_name_for_loopback_is_refused(page: httpx.AsyncClient, host: str):
    assert (await page.get("/api/overview", headers={"host": host})).status_code == 421


@pytest.mark.parametrize("host", ["localhost:1", "[::1]:8090", "LOCALHOST"])
async def test_loopbacks_own_names_are_answered(page: httpx.AsyncClient, host: str):
    assert (await page.get("/api/status", headers={"host": host})).status_code == 200


def test_whoever_hears_the_address_can_connect_at_once(tmp_path: Path):
    class Heard(Exception):
        pass

    def ready(address: str) -> None:
        at = httpx.URL(address)
        assert at.port is not None
        socket.create_connection((at.host, at.port), timeout=30).close()
        raise Heard

    with pytest.raises(Heard):
        serve(Settings(state=tmp_path, page_port=0, _env_file=None), ready)  # type: ignore[call-arg]


async def test_every_source_the_page_names_is_there(page: httpx.AsyncClient):
    text = "".join(path.read_text() for path in SOURCES)
    named = set(re.findall(r'["(](/static/[a-z.]+)[")]', text))
    assert len(named) >= 6
    for path in named:
        assert (await page.get(path)).status_code == 200


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_parsed_as_markup():
    text = "".join(path.read_text() for path in SOURCES)
    assert set(re.findall(r"https?://[^\s\"'<>]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|srcdoc|setHTML", text)
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|<style", "".join(page.html() for page in PAGES))
    assert sum(path.stat().st_size for path in SOURCES) < 300_000


async def test_a_name_that_is_markup_travels_as_json_text(page: httpx.AsyncClient):
    answer = await page.get("/api/overview")
    assert answer.headers["content-type"] == "application/json"
    assert any(item["label"] == INERT for item in answer.json()["waiting"])


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("decisions", 3),
        ("decisions?state=review", 1),
        ("ledger?record=INV-0002", 1),
        ("totals?currency=EUR", 2),
        ("variances?state=open", 1),
        ("events?limit=1", 1),
        ("quarantine", 1),
    ],
)
async def test_lists_take_the_same_filters_as_the_command_line(page: httpx.AsyncClient, query: str, count: int):
    answer = await page.get(f"/api/{query}")
    assert len(answer.json()) == count


@pytest.mark.parametrize(
    "query", ["decisions?limit=0", "decisions?limit=x", "decisions?nonsense=1", "totals?customer=a", "events?day=soon"]
)
async def test_a_wish_that_makes_no_sense_is_400(page: httpx.AsyncClient, query: str):
    answer = await page.get(f"/api/{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]


async def test_before_the_first_reading_the_api_says_503(tmp_path: Path):
    app = create_app(Settings(state=tmp_path, _env_file=None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
        assert (await client.get("/api/status")).status_code == 503
        assert (await client.get("/healthz")).status_code == 503


async def test_prometheus_reads_figures_of_the_whole_deployment(page: httpx.AsyncClient):
    answer = await page.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'revmark_needs_person{what="variances"} 1.0' in answer.text
    assert 'revmark_open_variances{currency="EUR",kind="amount"} 1.0' in answer.text
    assert "Acme" not in answer.text


async def test_before_the_first_reading_there_are_no_figures(tmp_path: Path):
    app = create_app(Settings(state=tmp_path, _env_file=None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
        assert (await client.get("/metrics")).status_code == 503


async def test_what_did_not_come_from_the_page_changes_nothing(page: httpx.AsyncClient):
    token = (await page.get("/api/me")).json()["token"]
    right = {"origin": "http://127.0.0.1:8090", "x-revmark-token": token, "content-type": "application/json"}
    for name, value in (
        ("origin", "http://evil.example"), ("origin", "null"), ("origin", ""), ("origin", "http://127.0.0.1:8091"),
        ("x-revmark-token", ""), ("x-revmark-token", "a" * len(token)), ("content-type", "text/plain"),
        ("content-type", "application/x-www-form-urlencoded"),
    ):  # fmt: skip
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            answer = await page.request(method, "/api/decisions", headers=right | {name: value})
            assert answer.status_code in {403, 415}, (name, value)
    assert (await page.post("/api/decisions", headers=right)).status_code == 405


async def test_on_loopback_it_is_the_systems_user_and_in_a_container_nobody(page: httpx.AsyncClient, tmp_path: Path):
    me = (await page.get("/api/me")).json()
    assert (me["who"], me["role"], me["signs_in"]) == (getpass.getuser(), "operator", False)
    inside = create_app(Settings(state=tmp_path, page_published="127.0.0.1:8090", _env_file=None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=inside), base_url="http://localhost") as client:
        nobody = (await client.get("/api/me")).json()
        said = {"origin": "http://localhost", "x-revmark-token": nobody["token"], "content-type": "application/json"}
        assert (nobody["who"], nobody["role"]) == ("", "viewer")
        assert (await client.post("/api/decisions", headers=said)).status_code == 403


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("answer", {"review": "x", "side": "crm"}),
        ("answer", {"review": "x", "side": "crm", "why": "  "}),
        ("answer", {"review": "x", "side": "crm", "why": "so", "who": "somebody else"}),
        ("put-back", {"names": [], "why": "so"}),
        ("let-go", {"entity": "nothing", "rule": "r", "why": "so"}),
        ("drop", {"name": "x", "why": "a" * 2_001}),
        ("link", {"left": "a", "right": "b", "same": "maybe", "why": "so"}),
        ("edit", "no object"),
    ],
)
async def test_a_word_that_says_too_little_or_too_much_is_not_sent(page: httpx.AsyncClient, name: str, body: object):
    token = (await page.get("/api/me")).json()["token"]
    said = {"origin": "http://127.0.0.1:8090", "x-revmark-token": token}
    answer = await page.post(f"/api/act/{name}", json=body, headers=said)
    assert (answer.status_code, answer.json()["state"]) == (400, "refused")  # 503 would say that a broker was asked


async def test_a_word_that_the_broker_cannot_take_is_not_said_to_be_done(page: httpx.AsyncClient):
    token = (await page.get("/api/me")).json()["token"]
    said = {"origin": "http://127.0.0.1:8090", "x-revmark-token": token}
    body = {"name": "revmark.changes-0-17", "why": "a test record"}
    answer = await page.post("/api/act/drop", json=body, headers=said)
    assert (answer.status_code, "no Kafka answers" in answer.json()["said"]) == (503, True)
    huge = await page.post("/api/act/edit", json=body | {"value": "a" * 6_000_000}, headers=said)
    assert (huge.status_code, "bytes. Nothing was sent" in huge.json()["said"]) == (409, True)


def test_the_overview_holds_everything_the_page_draws(filled: Store):
    found = overview(filled, at(30), Settings(_env_file=None))
    assert [item["label"] for item in found["variances"]["open"]] == ["INV-0001"]
    assert [item["state"] for item in found["variances"]["closed"]] == ["closed"]
    assert {item["ruling"] for item in found["waiting"]} == {"review", "propose", "refused"}
    assert found["events"][1]["amount"] == "49.90"
    assert found["quarantine"][0]["name"] == "revmark.changes-0-17"


def test_days_add_subsidiaries_up_and_leave_gaps_at_zero():
    found = daily(
        [
            total(Side.CRM, "0.10", subsidiary="a"),
            total(Side.CRM, "0.20", subsidiary="b"),
            total(Side.ERP, "7.00", day="2026-11-19"),
            total(Side.ERP, "100", currency="JPY"),
        ]
    )
    assert [day["day"] for day in found["EUR"]] == ["2026-11-19", "2026-11-20"]
    assert found["EUR"][1]["crm"] == {"invoices": 2, "total": "0.30"}
    assert found["EUR"][0]["difference"] == "-7.00"
    assert set(found) == {"EUR", "JPY"}


async def test_the_feed_publishes_what_changed_and_says_when_the_broker_is_away(filled: Store):
    feed = Feed(Settings(state=filled.path.parent.parent, broker="127.0.0.1:1", _env_file=None))
    task = asyncio.create_task(feed.run())
    readings = feed.readings()
    found: dict = {}
    async with asyncio.timeout(20):
        while not found.get("live", {}).get("problem"):
            found = json.loads(await anext(readings) or b"{}")
        assert "no Kafka answers" in found["live"]["problem"]
        filled.apply([delivery("variances", 9, variance(9), "v9"), delivery("revenue", 9, event(9))])
        while found["status"]["variances"].get("open") != 2:
            found = json.loads(await anext(readings) or b"null") or found
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_every_page_has_the_same_head(page: httpx.AsyncClient):
    texts = [(await page.get(each.path)).text for each in PAGES]
    heads = [text.partition("<header")[2].partition("<noscript")[0] for text in texts]
    assert [head.count(" aria-current=page") for head in heads] == [1] * (len(PAGES) - 1) + [0]
    assert len({head.replace(" aria-current=page", "") for head in heads}) == 1
    for part in ('href="/"', 'id="live"', 'id="find"', 'id="theme"', 'id="tenant"'):
        assert part in heads[0]
    assert "$" not in "".join(heads)


def test_each_script_asks_only_for_what_its_page_holds():
    for shown in PAGES:
        text = shown.html()
        asked = set(re.findall(r'at\("([a-z-]+)"\)', (STATIC / shown.script).read_text()))
        assert len(asked) >= 4
        assert {name for name in asked if f'id="{name}"' not in text} == set()
        assert f'id="{shown.target}"' in text


def test_a_refused_write_waits_for_a_person_with_its_record_and_the_platforms_answer(store: Store):
    refused = entry(4, state="refused")
    store.apply([delivery("ledger", 0, refused, refused.command.id)])
    (waiting,) = overview(store, at(30), Settings(_env_file=None))["waiting"]
    assert waiting["record"] == refused.command.record
    assert waiting["reason"] == "Xero refused to create it: 400"
    assert waiting["next"] == f"revmark quarantine show {refused.command.id}"
    store.apply([delivery("ledger", 1, entry(9, record=refused.command.record), "later")])
    assert overview(store, at(30), Settings(_env_file=None))["waiting"] == []


def test_what_is_in_quarantine_comes_with_the_command_that_shows_it(filled: Store):
    (held,) = overview(filled, at(30), Settings(_env_file=None))["quarantine"]
    assert (held["recovery"], held["attempts"], held["edited"], held["behind"]) == ("refused", 1, "", 0)
    assert "it cannot be read as it is (not a change: record:" in held["remedy"]
    assert held["next"] == f"revmark quarantine show {held['name']}"
