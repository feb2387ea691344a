"""What the page tells Prometheus: what waits for a person, how connections and tiers stand, and the business list.

Flows in: the projection, read when it is asked for. Flows out: gauges. Invariants: labels are names of connections,
currencies and sorts, never of records; no amount is among them, as what Prometheus keeps are floats.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from console.explain.contract import Unreadable, read
from console.projection import summary
from console.projection.business import Business, business, quantile
from console.projection.connections import connections, tiers_of
from console.projection.reconciled import overdue
from console.projection.store import Store
from schemas.contract import Contract, parse_contract, template
from streams.settings import Settings

WAITS = (
    "variances",
    "quarantined",
    "refused",
    "reviews",
    "proposals",
    "brakes",
    "parked",
    "readings",
    "signed",
    "nights",
)  # of `needs_person`
QUANTILES = (0.5, 0.95)


class Figures(Collector):
    """The collector over a projection at one moment."""

    def __init__(self, store: Store, settings: Settings, now: datetime) -> None:
        """Measure what `store` holds."""
        self._store, self._settings, self._now = store, settings, now

    def collect(self) -> Iterator[Metric]:
        """Work all of it out."""
        yield from self._standing()
        yield from self._connections()
        contract = _contract(self._settings)
        late = overdue(self._store, self._now, contract.timezone, self._settings.reconcile_hour)
        yield GaugeMetricFamily("revmark_night_overdue_seconds", "Since the newest night was to be reconciled.", late)
        yield from _business(business(self._store, contract, self._now))

    def _standing(self) -> Iterator[Metric]:
        found = summary.status(self._store)
        as_of = self._store.as_of()
        if as_of is not None:
            age = max(0.0, (self._now - as_of).total_seconds())
            yield GaugeMetricFamily("revmark_as_of_age_seconds", "Since everything on the topics had been read.", age)
        waits = GaugeMetricFamily("revmark_needs_person", "What waits for a person, by sort.", labels=("what",))
        open_now = found["needs_person"]
        for what in WAITS:
            waits.add_metric((what,), open_now.get(what, 0) if isinstance(open_now, dict) else 0)
        yield waits
        variances = GaugeMetricFamily(
            "revmark_open_variances", "Documents on which the sides differ.", labels=("kind", "currency")
        )
        for row in self._store.rows(
            "SELECT kind, currency, count(*) AS n FROM variances WHERE state = 'open' GROUP BY 1, 2 ORDER BY 1, 2"
        ):
            variances.add_metric((row["kind"], row["currency"]), row["n"])
        yield variances
        windows = GaugeMetricFamily(
            "revmark_windows", "Days of a currency, by how their totals stand.", labels=("state",)
        )
        stand = found["windows"]
        for state, number in stand.items() if isinstance(stand, dict) else ():
            windows.add_metric((state,), number)
        yield windows

    def _connections(self) -> Iterator[Metric]:
        place = ("connection", "tier")
        parked = GaugeMetricFamily("revmark_connection_parked", "1: nothing is called yet.", labels=place[:1])
        waiting = GaugeMetricFamily("revmark_writes_waiting", "Writes that are not settled yet.", labels=place)
        oldest = GaugeMetricFamily(
            "revmark_oldest_write_seconds", "Since the oldest of them was asked for.", labels=place
        )
        newest = GaugeMetricFamily(
            "revmark_newest_fact_seconds", "Since the newest record that was shown had been changed.", labels=place
        )
        for each in connections(self._store, tiers_of(self._settings), self._now):
            parked.add_metric((each.name,), float(each.state == "parked"))
            for tier in each.tiers:
                where = (each.name, str(tier.tier))
                waiting.add_metric(where, tier.waiting)
                oldest.add_metric(where, self._age(tier.oldest) if tier.oldest else 0.0)
                if tier.newest is not None:
                    newest.add_metric(where, self._age(tier.newest))
        yield from (parked, waiting, oldest, newest)

    def _age(self, at: datetime) -> float:
        return max(0.0, (self._now - at).total_seconds())


def text(store: Store, settings: Settings, now: datetime) -> bytes:
    """All figures as Prometheus reads them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(store, settings, now))
    return generate_latest(registry)


def _contract(settings: Settings) -> Contract:
    """The contract file; what holds unless told where it cannot be read."""
    found = read(settings.contract)
    return parse_contract(template()) if isinstance(found, Unreadable) else found.contract


def _business(found: Business) -> Iterator[Metric]:
    money = ("currency",)
    posted = GaugeMetricFamily("revmark_posted_invoices", "Invoices that stand in the ERP's books.", labels=money)
    paid = GaugeMetricFamily("revmark_paid_invoices", "Those with nothing left to pay.", labels=money)
    overdue = GaugeMetricFamily(
        "revmark_overdue_invoices", "Those with something left after the due date.", labels=money
    )
    share = GaugeMetricFamily(
        "revmark_paid_share", "The share of what is, or was, to pay on them that is paid, 0 to 1.", labels=money
    )
    for currency, book in found.books.items():
        posted.add_metric((currency,), book.posted)
        paid.add_metric((currency,), book.paid)
        overdue.add_metric((currency,), book.overdue)
        if book.paid_share is not None:
            share.add_metric((currency,), float(book.paid_share))  # a share, and no amount
    yield from (posted, paid, overdue, share)
    for name, meaning, number in (
        ("invoices_without_deal", "Posted invoices that no deal of the CRM stands for.", found.invoices_without_deal),
        ("invoices_not_mirrored", "Posted invoices that the CRM does not show.", found.invoices_not_mirrored),
        ("won_deals_without_customer", "Won deals of customers without an ERP id.", found.won_deals_without_customer),
        ("unbilled_orders", "Orders of 30 days without a posted invoice.", len(found.unbilled)),
    ):
        yield GaugeMetricFamily(f"revmark_{name}", meaning, number)
    waited = found.unbilled[-1] if found.unbilled else timedelta(0)
    yield GaugeMetricFamily(
        "revmark_oldest_unbilled_order_seconds", "Since the oldest of these was won.", waited.total_seconds()
    )
    billing = GaugeMetricFamily(
        "revmark_won_to_posted_seconds",
        "From won to the first posted invoice, orders of 30 days.",
        labels=("quantile",),
    )
    for each in QUANTILES:
        took = quantile(found.billing, each)
        if took is not None:
            billing.add_metric((str(each),), took.total_seconds())
    yield billing
