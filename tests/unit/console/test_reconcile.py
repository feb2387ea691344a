"""`revmark reconcile` as people run it: both pretend platforms served, no broker, the reports that it leaves."""

import asyncio
import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from console.demo.people import Finance, Sales
from console.main import app
from console.projection.store import Store
from console.reconciling import Means, Wish, reconcile
from console.signing import signature
from sandbox.clock import SystemClock
from sandbox.hubspot.app import create_app as hubspot_app
from sandbox.hubspot.portal import Portal
from sandbox.server import serving
from sandbox.xero.app import create_app as xero_app
from sandbox.xero.organisation import Organisation
from schemas.audit import Audit
from schemas.contract import parse_contract, template
from schemas.errors import Transient
from streams.platforms.hubspot.auth import StaticToken
from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.hubspot.properties import create_properties
from streams.settings import load_settings
from tests.unit.console.records import delivery

NIGHT = "2025-11-20"  # of a day that has passed on every machine
NOWHERE = "127.0.0.1:1"  # no broker
EVIL = "=HYPERLINK(1)<script>"


class Office:
    """Both platforms over TCP, and the command line in front of them."""

    def __init__(self, sales: Sales, finance: Finance) -> None:
        self.sales, self.finance = sales, finance
        self.contact = finance.put("Contacts", {"Name": "Acme"})["ContactID"]

    def sell(self, amount: str, **wrong: str) -> dict[str, Any]:
        """An invoice, and HubSpot's record of it."""
        row = self.finance.put("Invoices", {
            "Type": "ACCREC", "Contact": {"ContactID": self.contact}, "Date": NIGHT, "DueDate": NIGHT,
            "Status": "AUTHORISED", "InvoiceNumber": wrong.pop("number", None),
            "LineItems": [{"Description": "x", "Quantity": 1, "UnitAmount": amount, "TaxType": "NONE",
                           "AccountCode": "200"}],
        })  # fmt: skip
        shown = {
            "xero_invoice_id": row["InvoiceID"], "revmark_invoice_number": row["InvoiceNumber"],
            "hs_invoice_date": NIGHT, "hs_currency": row["CurrencyCode"],
            "revmark_total": str(row["Total"]), "revmark_invoice_status": "posted",
            "revmark_amount_due": str(row["Total"]), "revmark_amount_paid": "0", "revmark_amount_credited": "0",
        }  # fmt: skip
        self.sales.create("invoices", **{**shown, **wrong})
        return row

    def restate(self, row: dict[str, Any], amount: str) -> None:
        """Finance changes the invoice, and its record in HubSpot shows it."""
        line = {"Description": "x", "Quantity": 1, "UnitAmount": amount, "TaxType": "NONE", "AccountCode": "200"}
        self.finance.post("Invoices", {"InvoiceID": row["InvoiceID"], "LineItems": [line]})
        (mirror,) = self.sales.find("invoices", "xero_invoice_id", row["InvoiceID"])
        self.sales.edit("invoices", mirror["id"], revmark_total=amount, revmark_amount_due=amount)


async def furnish(url: str, portal: Portal) -> None:
    client = HubSpotClient(url, "2026-09", StaticToken(portal.token))
    await create_properties(client)
    await client.close()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    clock = SystemClock()
    portal, organisation = Portal(clock=clock, search_lag=0), Organisation(clock=clock)
    portal.seed_defaults()
    organisation.seed_defaults()
    (tmp_path / "contract.yaml").write_text(template(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with serving(hubspot_app(portal, clock=clock)) as hubspot, serving(xero_app(organisation, clock=clock)) as xero:
        asyncio.run(furnish(hubspot, portal))
        known = organisation.credentials()
        for name, value in {
            "BROKER": NOWHERE, "HUBSPOT_URL": hubspot, "HUBSPOT_PORTAL": portal.portal_id,
            "HUBSPOT_TOKEN": portal.token,
            "XERO_URL": xero, "XERO_IDENTITY_URL": xero, "XERO_TENANT": organisation.tenant_id,
            "XERO_CLIENT_ID": known["client_id"], "XERO_CLIENT_SECRET": known["client_secret"],
            "CONTRACT": tmp_path / "contract.yaml", "STATE": tmp_path / "state",
        }.items():  # fmt: skip
            monkeypatch.setenv(f"REVMARK_{name}", str(value))
        (tmp_path / "revmark.env").write_text(f"REVMARK_XERO_REFRESH_TOKEN={known['refresh_token']}\n")
        sales, finance = Sales(hubspot), Finance(xero, organisation.tenant_id)
        yield Office(sales, finance)
        sales.close()
        finance.close()


def revmark(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["reconcile", "--night", NIGHT, "--settling", "0", *arguments])


def test_books_that_agree_exit_0_and_say_so_first(office: Office):
    office.sell("1234.50")
    done = revmark("--no-stream")
    assert done.exit_code == 0, done.output
    first, _, _, line, *_ = done.stdout.splitlines()
    assert first == f"Night of {NIGHT}: the books agree. 1 invoice, NZD 1,234.50."
    assert line.split() == ["NZD", "-", "invoices", "1", "1,234.50", "1", "1,234.50", "agreed", "-"]


def test_where_nothing_is_compared_the_books_are_not_said_to_agree(office: Office, tmp_path: Path):
    office.sell("50.00")
    contract = tmp_path / "contract.yaml"
    clause, terms = re.compile(r"(?<=  invoice:\n    master: erp\n    create: {crm: )always"), template()
    contract.write_text(clause.sub("never", terms), encoding="utf-8")
    done = revmark("--no-stream", "--html", "night.html")
    assert done.exit_code == 0, done.output
    why = "by the contract HubSpot keeps no invoices"
    said = f"Night of {NIGHT}: 1 invoice, NZD 50.00 in Xero. Nothing was compared: {why}."
    assert done.stdout.splitlines()[0] == said
    for text in (done.stdout, Path("night.html").read_text(encoding="utf-8")):
        assert said in text
        assert "the books agree" not in text
    assert json.loads(revmark("--no-stream", "--json").stdout)["against"] == []


def sign() -> None:
    """Somebody signs what is there, and this machine has read it from the topic."""
    made = Audit.model_validate_json(Path("state", "reconcile", f"{NIGHT}.json").read_text(encoding="utf-8"))
    store = Store(Path("state", "console"))
    word = signature(made, "Kim", "", over=True)
    word = word.model_copy(update={"at": word.at - timedelta(hours=1)})  # what is done from now on is done since
    store.apply([delivery("signatures", 0, word, f"main|{NIGHT}")])
    store.caught_up(["signatures"])
    store.close()


def test_without_the_stream_a_signature_is_looked_at_all_the_same(office: Office):
    office.sell("10.00")
    done = revmark("--no-stream")
    assert f"nobody can say if the night is signed: no Kafka answers at {NOWHERE}" in " ".join(done.stdout.split())
    sign()
    done = revmark("--no-stream")
    assert done.exit_code == 0, done.output
    assert "Signed by Kim, " in done.stdout
    assert re.search(rf"who signed is known as of .* UTC: no Kafka answers at {NOWHERE}", " ".join(done.stdout.split()))
    office.sell("20.00")
    done = revmark("--no-stream")
    assert done.exit_code == 1, done.output
    assert done.stdout.startswith("ALARM: this night was signed by Kim and has changed since."), done.stdout
    assert "NZD invoices in Xero: signed 1 of 10.00, now 2 of 30.00" in " ".join(done.stdout.split())


def test_a_signed_night_whose_totals_stand_over_other_documents_is_an_alarm(office: Office):
    """Fifty and seventy are a hundred and twenty, and so are sixty and sixty."""
    there = [office.sell("50.00", number="SW-1"), office.sell("70.00", number="SW-2")]
    assert revmark("--no-stream").exit_code == 0
    sign()
    assert revmark("--no-stream").exit_code == 0
    for row in there:
        office.restate(row, "60.00")
    done = revmark("--no-stream")
    assert done.exit_code == 1, done.output
    said = " ".join(done.stdout.split())
    assert said.startswith("ALARM: this night was signed by Kim and has changed since."), said
    for name in ("HubSpot", "Xero"):
        assert f"NZD invoices in {name}: signed 2 of 120.00, now the same of other documents, amounts or" in said
    for name in ("SW-1", "SW-2"):
        assert f"{name} {NIGHT} NZD 60.00" in said


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"src", "href", "style"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_variances_are_named_in_text_json_csv_and_on_a_page(office: Office, tmp_path: Path):
    office.sell("10.00")
    office.sell("100.00", number=EVIL, revmark_total="90.00")
    spoilt = office.sell("7.00", xero_invoice_id="", revmark_invoice_number="")
    done = revmark("--no-stream", "--csv", "night.csv", "--html", "night.html")
    assert done.exit_code == 1, done.output
    assert done.stdout.startswith(f"Night of {NIGHT}: 2 variances, NZD 17.00 apart. 2 can be repaired by Revmark."), (
        done.stdout
    )
    assert re.search(r"3 documents from Xero in \d+ calls\.", done.stdout)
    assert f"invoice {spoilt['InvoiceNumber']} is posted in Xero and is not in HubSpot." in done.stdout
    assert f"invoice {EVIL} is 100.00 in Xero and 90.00 in HubSpot." in done.stdout
    assert re.search(r"repair +Revmark reads .* Next: revmark repair [0-9a-f]{8}", done.stdout)

    found = json.loads(revmark("--no-stream", "--json").stdout)
    assert [each["kind"] for each in found["discrepancies"]] == ["amount", "missing"]
    assert [each["difference"] for each in found["discrepancies"]] == ["-10.00", "-7.00"]
    (tally,) = found["tallies"]
    assert (tally["crm"], tally["erp"]) == ({"count": 2, "total": "100.00"}, {"count": 3, "total": "117.00"})
    kept = json.loads((tmp_path / "state" / "reconcile" / f"{NIGHT}.json").read_text())
    assert kept["discrepancies"] == found["discrepancies"]

    rows = list(csv.DictReader(io.StringIO((tmp_path / "night.csv").read_text())))
    assert [(row["class"], Decimal(row["difference"])) for row in rows] == [("amount", -10), ("missing", -7)]
    assert rows[0]["xero_number"] == f"'{EVIL}", "no spreadsheet takes it for a formula"
    assert rows[1]["hubspot_ref"] == ""

    page = Page((tmp_path / "night.html").read_text())
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert page.links == []
    assert EVIL in page.text, "as text"
    assert "2 variances, NZD 17.00 apart" in page.text


def test_what_cannot_be_read_is_said_and_exits_3(office: Office):
    office.sell("10.00")
    office.finance.fault("status", path="/Payments", params={"status": 403})
    done = revmark("--no-stream")
    assert done.exit_code == 3, done.output
    assert "no difference in what could be read, and not all could be read" in done.stdout
    assert "Not read: Xero's payments and refunds could not be read" in done.stdout
    office.sales.fault("status", path="/search", params={"status": 403})
    done = revmark("--no-stream")
    assert done.exit_code == 3
    assert "hubspot cannot be read" in done.stderr
    assert f"Nothing was compared. Next: revmark check, then: revmark reconcile --night {NIGHT}" in done.stderr


def test_without_a_broker_workers_are_not_taken_for_gone(office: Office):
    """Xero's grant is theirs: a reading of our own would renew it, and leave them with a dead one."""
    office.sell("10.00")
    grant = Path("revmark.env").read_text()
    done = revmark()
    assert done.exit_code == 3, done.output
    assert Path("revmark.env").read_text() == grant
    said = " ".join(done.stderr.split())
    assert "nobody can say whether workers use Xero's grant. Nothing was read" in said
    assert f"where no worker runs anywhere: revmark reconcile --night {NIGHT} --no-stream" in said
    assert revmark("--no-stream").exit_code == 0
    assert Path("revmark.env").read_text() != grant, "it was asked for in so many words"
    assert Path("revmark.env").stat().st_mode & 0o077 == 0


def test_a_broker_that_goes_away_between_is_not_taken_for_one_without_workers(office: Office):
    office.sell("10.00")
    grant = Path("revmark.env").read_text()
    heard = Wish(NIGHT, stream=[])  # the stream was read, and then its broker went
    settings = load_settings(Path("revmark.env")).model_copy(update={"broker": NOWHERE})
    with pytest.raises(Transient, match="nobody can say whether workers use Xero's grant"):
        asyncio.run(reconcile(settings, parse_contract(template()), heard, Means()))
    assert Path("revmark.env").read_text() == grant


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--night", "yesterday"], "'yesterday' is no day"),
        (["--night", "2999-01-01"], "has not come yet"),
        (["--html", "nowhere/night.html"], "there is no folder nowhere"),
        (["--csv", "."], "it is a folder"),
    ],
)
def test_wrong_use_exits_2_before_anything_is_read(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "contract.yaml").write_text(template(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["reconcile", *words])
    assert done.exit_code == 2
    assert said in done.stderr
