"""One Xero organisation: its books, its settings, and the only place that makes ids and stamps.

In: records from the resource modules. Out: the same records, later. Invariants: an id or a number is
given once; a record's ``UpdatedDateUTC`` rises by at least a millisecond each time it is touched, as in a
service where every write takes time.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from sandbox.clock import Clock, SystemClock
from sandbox.log import Actor
from sandbox.xero.identity import Identity
from sandbox.xero.shelf import Change, Index, Journal, Shelf
from sandbox.xero.wire import Record

MINUTE_LIMIT = 60  # calls a minute, app x tenant [SPEC limits]
DAY_LIMIT = 5_000  # calls a day, app x tenant; 1,000 on the starter tier
CONCURRENT_LIMIT = 5  # calls in flight, app x tenant
APP_MINUTE_LIMIT = 10_000  # calls a minute, app over all tenants
WEBHOOK_KEY = "sandbox-xero-webhook-key"


@lru_cache(maxsize=10_000)  # one process may play many sandboxes, and in each the first ids are the same
def derived(space: UUID, name: str) -> str:
    """The identifier of `name` within a space of names."""
    return str(uuid5(space, name))


def _by(field: str) -> Index:
    return lambda record: record.get(field)


def _of(field: str, part: str) -> Index:
    return lambda record: f"{record[field]}/{record[part]}" if record.get(part) else None


class Organisation:
    """State and switches. ``[K]`` switches are behaviours nobody has recorded."""

    def __init__(
        self,
        name: str = "Demo Company (NZ)",
        *,
        clock: Clock | None = None,
        tenant_id: str | None = None,
        identity: Identity | None = None,
        base_currency: str = "NZD",
        country: str = "NZ",
        zone: str = "Pacific/Auckland",
        zone_name: str = "NEWZEALANDSTANDARDTIME",
        minute_limit: int = MINUTE_LIMIT,
        day_limit: int = DAY_LIMIT,
        concurrent_limit: int = CONCURRENT_LIMIT,
        app_minute_limit: int = APP_MINUTE_LIMIT,
        webhook_key: str = WEBHOOK_KEY,
        membership_bumps_contact: bool = False,
        payment_bumps_invoice: bool = True,
    ) -> None:
        self.clock = clock or SystemClock()
        self.tenant_id = tenant_id or str(uuid5(NAMESPACE_URL, f"xero/{name}"))
        self.name = name
        self.identity = identity or Identity(self.clock)
        self.base_currency = base_currency
        self.country = country
        self.zone = ZoneInfo(zone)
        self.zone_name = zone_name
        self.created = self.clock.now()
        self.minute_limit = minute_limit
        self.day_limit = day_limit
        self.concurrent_limit = concurrent_limit
        self.app_minute_limit = app_minute_limit
        self.webhook_key = webhook_key
        self.membership_bumps_contact = membership_bumps_contact  # [K] false: the group alone changes
        self.payment_bumps_invoice = payment_bumps_invoice  # [K] true
        self.period_lock_date: date | None = None
        self.end_of_year_lock_date: date | None = None
        self.day_rates: dict[str, Decimal] = {}  # foreign currency for one of base; what XE would have said
        self.prefixes = {"Invoices": "INV-", "CreditNotes": "CN-", "Quotes": "QU-"}
        self.actor: Actor = "api"  # who the current request is
        self._counters: dict[str, int] = {}
        self.journal = Journal()
        self._lay_shelves()
        self.identity.connect(self.tenant_id, self.name)

    def _lay_shelves(self) -> None:
        def shelf(kind: str, key: str, **indexes: Index) -> Shelf:
            return Shelf(kind, key, self.journal, indexes)

        self.contacts = shelf("Contacts", "ContactID", name=_by("Name"), number=_by("ContactNumber"))
        self.groups = shelf("ContactGroups", "ContactGroupID", name=_by("Name"))
        self.items = shelf("Items", "ItemID", code=_by("Code"))
        self.accounts = shelf("Accounts", "AccountID", code=_by("Code"))
        self.tax_rates = shelf("TaxRates", "TaxType")
        self.currencies = shelf("Currencies", "Code")
        self.tracking = shelf("TrackingCategories", "TrackingCategoryID", name=_by("Name"))
        self.themes = shelf("BrandingThemes", "BrandingThemeID")
        self.invoices = shelf("Invoices", "InvoiceID", number=_by("InvoiceNumber"), contact=_of("Type", "_contact"))
        self.credit_notes = shelf("CreditNotes", "CreditNoteID", number=_by("CreditNoteNumber"))
        self.prepayments = shelf("Prepayments", "PrepaymentID")
        self.overpayments = shelf("Overpayments", "OverpaymentID")
        self.bank_transactions = shelf("BankTransactions", "BankTransactionID")
        self.payments = shelf("Payments", "PaymentID", target=_by("_target"))
        self.allocations = shelf("Allocations", "AllocationID", invoice=_by("_invoice"), credit=_by("_credit"))
        self.quotes = shelf("Quotes", "QuoteID", number=_by("QuoteNumber"))
        self.history = shelf("HistoryRecords", "_id", owner=_by("_owner"))
        self.shelves = {
            each.kind: each
            for each in (
                self.contacts, self.groups, self.items, self.accounts, self.tax_rates, self.currencies,
                self.tracking, self.themes, self.invoices, self.credit_notes, self.prepayments,
                self.overpayments, self.bank_transactions, self.payments, self.allocations, self.quotes,
                self.history,
            )
        }  # fmt: skip

    def now(self) -> datetime:
        """The present instant, to the millisecond."""
        moment = self.clock.now()
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def today(self) -> date:
        """The day it is where the organisation is: the default ``Date`` of a document [SPEC]."""
        return self.clock.now().astimezone(self.zone).date()

    def count(self, what: str) -> int:
        """The next of a series starting at 1."""
        self._counters[what] = self._counters.get(what, 0) + 1
        return self._counters[what]

    def new_id(self) -> str:
        """An identifier no other record has; the same story gives the same ids."""
        return derived(UUID(self.tenant_id), str(self.count("id")))

    def new_number(self, kind: str, taken: Shelf) -> str:
        """The next automatic document number, skipping those in use."""
        while True:
            number = f"{self.prefixes[kind]}{self.count(kind):04d}"
            if not taken.find("number", number):
                return number

    def stamped(self, record: Record, previous: Record | None = None) -> Record:
        """The record with a new ``UpdatedDateUTC``, later than the one it replaces."""
        moment = self.now()
        if previous is not None and (last := previous.get("UpdatedDateUTC")) is not None:
            moment = max(moment, last + timedelta(milliseconds=1))
        return {**record, "UpdatedDateUTC": moment}

    def commit(self) -> list[Change]:
        """Keep what the request did."""
        return self.journal.commit()

    def locked(self, day: date) -> date | None:
        """The lock date that forbids posting on this day, if any."""
        locks = [lock for lock in (self.period_lock_date, self.end_of_year_lock_date) if lock is not None]
        return max((lock for lock in locks if day <= lock), default=None)

    def enabled_currencies(self) -> Iterable[str]:
        """Codes the organisation subscribes to, the base among them."""
        return [record["Code"] for record in self.currencies]

    def seed_defaults(self) -> None:
        """Fill in what a New Zealand demo company has."""
        from sandbox.xero.defaults import seed  # noqa: PLC0415 - the defaults are written with the books

        seed(self)
        self.commit()

    def credentials(self) -> dict[str, object]:
        """What a client needs to connect; a fresh grant of every scope."""
        grant = self.identity.grant()
        return {
            "tenant_id": self.tenant_id,
            "tenant_name": self.name,
            "client_id": self.identity.client_id,
            "client_secret": self.identity.client_secret,
            "access_token": grant["access_token"],
            "refresh_token": grant["refresh_token"],
            "expires_in": grant["expires_in"],
            "scope": grant["scope"],
            "webhook_key": self.webhook_key,
        }
