"""Which resources there are, and the functions that read and write each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.xero import (
    contacts,
    creditnotes,
    documents,
    fields,
    groups,
    invoices,
    items,
    payments,
    prepayments,
    quotes,
    settings,
)
from sandbox.xero.listing import Depth
from sandbox.xero.problems import EMPTY_ID
from sandbox.xero.request import ApiReply, ApiRequest
from sandbox.xero.wire import Record

if TYPE_CHECKING:
    from sandbox.xero.organisation import Organisation

Save = Callable[["Organisation", Record, ApiRequest, bool], Record]


def with_day(element: Record, *names: str) -> Record:
    """An element as sent, its days in wire form."""
    return {name: fields.day(name, value) if name in names and value else value for name, value in element.items()}


@dataclass(frozen=True, slots=True)
class Resource:
    """One collection of the API; ``save`` takes create_only."""

    plural: str
    key: str
    many: Callable[["Organisation", ApiRequest], ApiReply]
    find: Callable[["Organisation", str], Record]
    view: Callable[["Organisation", Record, Depth, ApiRequest], Record]
    save: Save | None = None
    echo: Callable[["Organisation", Record], Record] = lambda _organisation, element: dict(element)
    verbs: frozenset[str] = frozenset({"GET", "PUT", "POST"})
    natural: tuple[str, ...] = ()  # keys that tell two records apart, for the write log

    def refused(self, organisation: "Organisation", element: Record, errors: list[Record]) -> Record:
        """The echo of an element that was not saved; zeros for an id it never got [REC]."""
        shown = self.echo(organisation, element)
        shown.setdefault(self.key, EMPTY_ID)
        return {**shown, "ValidationErrors": errors}


def _echo_document(kind: documents.Kind) -> Callable[["Organisation", Record], Record]:
    def echo(organisation: "Organisation", element: Record) -> Record:
        before = kind.shelf(organisation).get(str(element.get(kind.key, "")))
        return documents.echo(kind, element, before)

    return echo


def _settings(plural: str, key: str, known: frozenset[str], order: str, save: Save | None = None) -> Resource:
    verbs = {"GET"} if save is None else {"GET", "PUT", "POST"}
    return Resource(
        plural=plural,
        key=key,
        many=settings.collection(plural, known, order),
        find=settings.finder(plural),
        view=lambda _organisation, record, depth, _request: settings.plain(record, depth),
        save=save,
        verbs=frozenset(verbs),
        natural=("Code", "Name"),
    )


def _credit(plural: str, key: str) -> Resource:
    return Resource(
        plural=plural,
        key=key,
        many=lambda organisation, request: prepayments.many(organisation, plural, request),
        find=settings.finder(plural),
        view=lambda organisation, record, depth, request: prepayments.view(
            organisation, plural, record, depth, request.unit_places
        ),
        verbs=frozenset({"GET"}),
        natural=("Reference",),
    )


RESOURCES = (
    Resource(
        plural="Contacts",
        key="ContactID",
        many=contacts.many,
        find=contacts.find,
        view=lambda organisation, record, depth, _request: contacts.view(organisation, record, depth),
        save=lambda organisation, element, _request, new: contacts.save(organisation, element, create_only=new),
        echo=lambda _organisation, element: contacts.echo(element),
        natural=("ContactNumber", "Name", "EmailAddress"),
    ),
    Resource(
        plural="ContactGroups",
        key="ContactGroupID",
        many=groups.many,
        find=groups.find,
        view=lambda organisation, record, depth, _request: groups.view(organisation, record, depth),
        save=lambda organisation, element, _request, new: groups.save(organisation, element, create_only=new),
        natural=("Name",),
    ),
    Resource(
        plural="Items",
        key="ItemID",
        many=items.many,
        find=items.find,
        view=lambda _organisation, record, depth, request: items.view(record, depth, request.unit_places),
        save=lambda organisation, element, request, new: items.save(
            organisation, element, create_only=new, places=request.unit_places
        ),
        verbs=frozenset({"GET", "PUT", "POST", "DELETE"}),
        natural=("Code",),
    ),
    Resource(
        plural="Invoices",
        key="InvoiceID",
        many=invoices.many,
        find=lambda organisation, key: documents.find(organisation, invoices.KIND, key),
        view=lambda organisation, record, depth, request: invoices.view(
            organisation, record, depth, request.unit_places
        ),
        save=lambda organisation, element, request, new: invoices.save(
            organisation, element, create_only=new, places=request.unit_places
        ),
        echo=_echo_document(invoices.KIND),
        natural=("InvoiceNumber", "Reference"),
    ),
    Resource(
        plural="CreditNotes",
        key="CreditNoteID",
        many=creditnotes.many,
        find=lambda organisation, key: documents.find(organisation, creditnotes.KIND, key),
        view=lambda organisation, record, depth, request: creditnotes.view(
            organisation, record, depth, request.unit_places
        ),
        save=lambda organisation, element, request, new: creditnotes.save(
            organisation, element, create_only=new, places=request.unit_places
        ),
        echo=_echo_document(creditnotes.KIND),
        natural=("CreditNoteNumber", "Reference"),
    ),
    Resource(
        plural="Payments",
        key="PaymentID",
        many=payments.many,
        find=settings.finder("Payments"),
        view=lambda organisation, record, depth, _request: payments.view(organisation, record, depth),
        save=lambda organisation, element, _request, new: payments.save(organisation, element, create_only=new),
        echo=lambda _organisation, element: with_day({**element, "HasValidationErrors": True}, "Date"),
        natural=("Reference", "_target"),
    ),
    _credit("Prepayments", "PrepaymentID"),
    _credit("Overpayments", "OverpaymentID"),
    Resource(
        plural="BankTransactions",
        key="BankTransactionID",
        many=prepayments.many_bank,
        find=settings.finder("BankTransactions"),
        view=lambda organisation, record, depth, request: prepayments.view_bank(
            organisation, record, depth, request.unit_places
        ),
        save=lambda organisation, element, request, new: prepayments.save(
            organisation, element, create_only=new, places=request.unit_places
        ),
        echo=lambda _organisation, element: with_day(element, "Date"),
        natural=("Reference",),
    ),
    Resource(
        plural="Quotes",
        key="QuoteID",
        many=quotes.many,
        find=quotes.find,
        view=lambda organisation, record, depth, request: quotes.view(
            organisation, record, depth, request.unit_places
        ),
        save=lambda organisation, element, request, new: quotes.save(
            organisation, element, create_only=new, places=request.unit_places
        ),
        echo=lambda _organisation, element: with_day(element, "Date", "ExpiryDate"),
        natural=("QuoteNumber", "Reference"),
    ),
    _settings(
        "Accounts", "AccountID", settings.ACCOUNT_KNOWN, "Code",
        lambda organisation, element, _request, new: settings.save_account(organisation, element, create_only=new),
    ),
    _settings("TaxRates", "TaxType", settings.TAX_RATE_KNOWN, "TaxType"),
    _settings(
        "Currencies", "Code", frozenset({"Code", "Description"}), "Code",
        lambda organisation, element, _request, new: settings.save_currency(organisation, element, create_only=new),
    ),
    _settings("TrackingCategories", "TrackingCategoryID", frozenset({"Name", "Status"}), "Name"),
    _settings("BrandingThemes", "BrandingThemeID", frozenset({"Name", "SortOrder"}), "SortOrder"),
)  # fmt: skip
BY_PATH: Mapping[str, Resource] = {resource.plural.lower(): resource for resource in RESOURCES}
CREDITS = {"creditnotes": "CreditNotes", "prepayments": "Prepayments", "overpayments": "Overpayments"}
