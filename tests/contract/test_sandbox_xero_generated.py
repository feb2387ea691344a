"""Whatever Xero's own document lets anybody ask, the pretend Xero answers as the document says, and never with a 5xx.

schemathesis draws the requests: those that fit the document, and those that do not. Ids and codes in them are often
ones that are there, so that requests get past the door. The same are drawn in every run.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from sandbox.clock import VirtualClock
from sandbox.server import serving
from sandbox.wire import decode, encode
from sandbox.xero.app import create_app
from sandbox.xero.organisation import Organisation
from tests.support.examiner import DOCUMENT, PREFIX

pytestmark = pytest.mark.slow
EXAMPLES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 2}  # of each operation in a run; more by hand
SEED = 20_261_122
KNOWN_OFTEN = 4  # of as many, all but one id are of something that is there
LINES = [{"Description": "Seats", "Quantity": 2, "UnitAmount": 100, "AccountCode": "200"}]


def _operations() -> list[Any]:
    read = json.loads(gzip.decompress(DOCUMENT.read_bytes()))
    for path in read["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation.pop("security", None)  # the token is ours to give
    return [found.ok() for found in schemathesis.openapi.from_dict(read).get_all_operations()]


OPERATIONS = {operation.label: operation for operation in _operations()}


@dataclass
class Books:
    """A pretend Xero with something of everything, over TCP."""

    url: str
    headers: dict[str, str]
    known: dict[str, list[str]]

    def acquainted(self, value: Any) -> Any:
        """The value with ids and codes that are there, in most places where there are some."""
        if isinstance(value, dict):
            return {name: self._one(name, each) for name, each in value.items()}
        return [self.acquainted(each) for each in value] if isinstance(value, list) else value

    def _one(self, name: str, value: Any) -> Any:
        drawn = crc32(repr((name, value)).encode(errors="surrogatepass"))
        known = self.known.get(name)
        return known[drawn % len(known)] if known and drawn % KNOWN_OFTEN else self.acquainted(value)


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    clock = VirtualClock(automatic=True)
    organisation = Organisation(clock=clock, minute_limit=10**9, day_limit=10**9)
    organisation.seed_defaults()
    headers = {
        "Authorization": f"Bearer {organisation.credentials()['access_token']}",
        "xero-tenant-id": organisation.tenant_id,
        "Accept": "application/json",
    }
    with serving(create_app(organisation, clock=clock)) as url:
        made = Books(url, headers, {"OrganisationID": [organisation.tenant_id]})
        with httpx.Client(base_url=url + PREFIX, headers=headers) as http:
            _furnish(http, made.known)
        yield made


def _furnish(http: httpx.Client, known: dict[str, list[str]]) -> None:
    """Make one of everything, and note the ids."""

    def note(reply: httpx.Response, *keys: str) -> dict[str, Any]:
        assert reply.is_success, reply.text
        rows = next(rows for rows in decode(reply.content).values() if isinstance(rows, list))
        for key in keys:
            known.setdefault(key, []).extend(row[key] for row in rows if key in row)
        return dict(rows[0])

    def put(path: str, body: object, *keys: str) -> dict[str, Any]:
        return note(http.put(path, content=encode(body), headers={"Content-Type": "application/json"}), *keys)

    for path, key in (("Accounts", "AccountID"), ("TaxRates", "TaxType"), ("ContactGroups", "ContactGroupID")):
        note(http.get(path), key)
    acme = put("Contacts", {"Name": "Acme", "ContactNumber": "hs-1"}, "ContactID", "ContactNumber")
    named = {"Contact": {"ContactID": acme["ContactID"]}, "LineItems": LINES, "Date": "2026-09-01"}
    put("Items", {"Code": "SEAT"}, "ItemID")
    put("Quotes", named, "QuoteID")
    put("CreditNotes", {"Type": "ACCRECCREDIT", "Status": "AUTHORISED", **named}, "CreditNoteID")
    for status in ("DRAFT", "AUTHORISED"):
        sale = {"Type": "ACCREC", "Status": status, "DueDate": "2026-10-01", **named}
        invoice = put("Invoices", sale, "InvoiceID")
    put(
        "Payments",
        {"Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Account": {"Code": "090"}, "Amount": 1},
        "PaymentID",
    )
    for kind in ("Prepayment", "Overpayment"):
        banked = {"Type": f"RECEIVE-{kind.upper()}", "BankAccount": {"Code": "090"}, **named}
        put("BankTransactions", banked, "BankTransactionID", f"{kind}ID")
    known |= {"AccountCode": ["200", "090"], "CurrencyCode": ["NZD"], "ItemCode": ["SEAT"]}


def _own_words(content: bytes, status: int) -> bytes:
    """An answer without the elements that it refuses: they are the caller's own words, faults and all."""
    if status != httpx.codes.OK:
        return content
    answer = decode(content)
    return encode({name: _taken(each) if isinstance(each, list) else each for name, each in answer.items()})


def _taken(rows: list[Any]) -> list[Any]:
    return [row for row in rows if not (isinstance(row, dict) and row.get("StatusAttributeString") == "ERROR")]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "unfitting"])
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_of_the_published_form(books: Books, label: str, mode: GenerationMode):
    @seed(SEED)
    @settings(
        max_examples=EXAMPLES[mode],
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(OPERATIONS[label].as_strategy(generation_mode=mode))
    def answered(case: Case) -> None:
        case.headers.pop("If-Modified-Since", None)  # drawn as a text that no header can carry
        case.path_parameters = books.acquainted(case.path_parameters)
        case.body = books.acquainted(case.body)
        reply = case.call(base_url=books.url + PREFIX, headers=books.headers)
        reply.content = _own_words(reply.content, reply.status_code)
        case.validate_response(reply, checks=[not_a_server_error, response_schema_conformance])

    answered()
