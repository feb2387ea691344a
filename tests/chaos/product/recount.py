"""What must be true at both platforms once all is quiet, counted from their own records and write logs.

In: what the sandboxes hold and what they accepted, from whom. Out: what is lost and what is there twice. Nothing of
ours is asked, neither ledger nor topics nor workers. Lost: a person's last value that either side does not show, or a
record that has no counterpart. Twice: two creates of ours under one natural key, two counterparts of one record, a
payment that nobody made.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

__all__ = ["Evidence", "doubled", "lost"]

Row = dict[str, Any]
GST = Decimal("0.15")  # the contract's tax type: 15 % on income
CENT = Decimal("0.01")
SHOWN = ("revmark_total", "revmark_amount_paid", "revmark_amount_due")
KEYS = {"Contacts": "ContactNumber", "Invoices": "InvoiceNumber", "companies": "xero_contact_id",
        "invoices": "revmark_invoice_number"}  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """Records as the platforms hold them, and what they accepted: people's writes and ours, in order."""

    companies: Sequence[Row]
    deals: Sequence[Row]
    lines: Sequence[Row]
    mirrors: Sequence[Row]  # HubSpot's invoices
    contacts: Sequence[Row]
    invoices: Sequence[Row]
    typed: Sequence[Row]
    written: Sequence[Row]


def doubled(seen: Evidence) -> list[str]:
    """Everything that is there more often than once."""
    made = [row for row in seen.written if row["action"] == "create"]
    keys = Counter((row["resource"], _key(row)) for row in made)
    found = [f"{resource} {key} was made {count} times" for (resource, key), count in keys.items() if count > 1]
    found += [f"{row['resource']} {row['id']} was paid by us" for row in made if "payment" in row["resource"].lower()]
    partners = {
        "contact of companies": [row["properties"].get("xero_contact_id") for row in seen.companies],
        "contacts of name": [row["Name"] for row in seen.contacts],
        "invoices of number": [row["InvoiceNumber"] for row in seen.invoices],
        "mirrors of number": [row["properties"].get("revmark_invoice_number") for row in seen.mirrors],
    }
    for what, names in partners.items():
        found += [f"{count} {what} {name}" for name, count in Counter(filter(None, names)).items() if count > 1]
    if len(seen.contacts) > len(seen.companies):
        linked = {row["properties"].get("xero_contact_id") for row in seen.companies}
        ours = {row["id"] for row in made}
        found += [
            f"contact {row['ContactID']} was made by us and belongs to no company"
            for row in seen.contacts
            if row["ContactID"] in ours - linked
        ]
    return found


def lost(seen: Evidence) -> list[str]:
    """Everything that people did and a platform does not show."""
    return [*_firms(seen), *_orders(seen), *_money(seen)]


def _firms(seen: Evidence) -> Iterator[str]:
    """Names, phones and terms, side by side."""
    last: defaultdict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for row in seen.typed:
        if isinstance(row["body"], dict):
            last[row["resource"], row["id"]].update(row["body"])
    contacts = {row["ContactID"]: row for row in seen.contacts}
    linked = set()
    for row in seen.companies:
        name, shown = f"company {row['id']}", row["properties"]
        partner = contacts.get(shown.get("xero_contact_id") or "")
        if partner is None:
            yield f"{name} has no contact"
            continue
        linked.add(partner["ContactID"])
        crm, erp = last["companies", row["id"]], last["Contacts", partner["ContactID"]]
        wanted = crm.get("name") or erp.get("Name")
        pairs = [("name", wanted, shown.get("name"), partner["Name"])]
        if "phone" in crm:
            pairs.append(("phone", crm["phone"], _digits([shown.get("phone")]), _phone(partner)))
        if "PaymentTerms" in erp:
            terms = _terms(erp["PaymentTerms"])
            pairs.append(("terms", terms, shown.get("revmark_payment_terms"), _terms(partner["PaymentTerms"])))
        yield from (f"{name} {field}: typed {typed!r}, HubSpot shows {ours!r}, Xero {theirs!r}"
                    for field, typed, ours, theirs in pairs if not typed == ours == theirs)  # fmt: skip
    yield from (f"contact {each} has no company" for each in contacts.keys() - linked)


def _orders(seen: Evidence) -> Iterator[str]:
    """A bill for every won deal, and its total."""
    bills = {row["InvoiceNumber"]: row for row in seen.invoices}
    lines = {row["id"]: row["properties"] for row in seen.lines}
    lines_of: defaultdict[str, list[str]] = defaultdict(list)
    for row in seen.typed:
        if row["action"] == "associate" and row["resource"] == "line_items":
            lines_of[row["body"]["to"]["id"]].append(row["id"])
    for row in seen.deals:
        if row["properties"].get("dealstage") == "closedwon":
            number = f"RM-{row['id']}"
            bill, due = bills.get(number), _total(lines[name] for name in lines_of[row["id"]])
            if bill is None:
                yield f"deal {row['id']} is won and has no invoice"
            elif bill["Total"] != due:
                yield f"{number} is {bill['Total']}, its lines come to {due}"


def _money(seen: Evidence) -> Iterator[str]:
    """What HubSpot shows of every bill, payments included."""
    mirrors = {row["properties"].get("revmark_invoice_number"): row["properties"] for row in seen.mirrors}
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in seen.typed:
        if row["resource"] == "Payments" and row["action"] == "create":
            paid[row["body"]["Invoice"]["InvoiceID"]] += Decimal(row["body"]["Amount"])
    for bill in seen.invoices:
        number, total, money = bill["InvoiceNumber"], bill["Total"], paid[bill["InvoiceID"]]
        shown = mirrors.get(number)
        if shown is None:
            yield f"invoice {number} is not shown in HubSpot"
            continue
        wanted = total, money, total - money
        found = tuple(Decimal(shown.get(name) or 0) for name in SHOWN)
        if wanted != found:
            yield f"invoice {number}: total, paid, due are {wanted}, HubSpot shows {found}"


def _total(lines: Iterable[Row]) -> Decimal:
    total = Decimal(0)
    for line in lines:
        amount = (Decimal(line["quantity"]) * Decimal(line["price"])).quantize(CENT, ROUND_HALF_UP)
        total += amount + (amount * GST).quantize(CENT, ROUND_HALF_UP)
    return total


def _key(row: Row) -> str:
    """The natural key of a create; a record that has none is told apart by all that is known of it."""
    keys = row["keys"]
    return str(keys.get(KEYS.get(row["resource"], "")) or sorted(keys.items()) or row["id"])


def _terms(terms: Row | None) -> str:
    sales = (terms or {}).get("Sales") or {}
    return f"{sales['Day']} {sales['Type']}" if sales else ""


def _phone(contact: Row) -> str:
    shown: Row = next((row for row in contact.get("Phones") or () if row["PhoneType"] == "DEFAULT"), {})
    return _digits(shown.get(part) for part in ("PhoneCountryCode", "PhoneAreaCode", "PhoneNumber"))


def _digits(parts: Iterable[Any]) -> str:
    return "".join(letter for part in parts for letter in str(part or "") if letter.isdigit())
