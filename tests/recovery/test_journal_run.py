"""HubSpot's webhooks journal in a real worker that is killed in the middle of it: nothing that it told is missed.

No webhook is sent, and search shows nothing new: what arrives has been told by the journal. Counted on the topic, in
the platforms' own states and in their logs of writes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.hubspot.journal import ACTIONS
from schemas.change import Change
from schemas.errors import Refused
from tests.support.theatre import Performance, performance

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]
FIRMS = 40
FILE = 4  # events a file: ten files, each told and its place kept before the next
SLOW = 0.3  # seconds that a reading takes, so that there is a middle
TYPES = ("0-1", "0-2", "0-3", "0-8")
HIDDEN = 10**6  # seconds that search lags
WORKER = "worker-1"


class Journal:
    """The people at a portal whose only voice is its journal."""

    def __init__(self, play: Performance) -> None:
        self.play = play
        self.url = str(play.stage.hubspot["url"])
        self.firms: list[str] = []

    def subscribe(self) -> None:
        """The app subscribes, with its own token."""
        app = self.play.stage.hubspot
        form = {
            "grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"],
            "scope": "developer.webhooks_journal.subscriptions.write",
        }  # fmt: skip
        said = httpx.post(f"{self.url}/oauth/2026-09/token", data=form, timeout=30).raise_for_status().json()
        for each in TYPES:
            wanted = {"objectTypeId": each, "actions": sorted(ACTIONS), "portalId": app["portal_id"]}
            path = f"{self.url}/webhooks-journal/subscriptions/2026-09"
            grant = {"Authorization": f"Bearer {said['access_token']}"}
            httpx.post(path, json=wanted, headers=grant, timeout=30).raise_for_status()

    def turn(self, **switches: Any) -> None:
        httpx.patch(f"{self.url}/_sandbox/settings", json=switches, timeout=30).raise_for_status()

    def worker(self) -> None:
        """Start the worker, on the folder that it had before."""
        app = self.play.stage.hubspot
        self.play.stage.spawn(
            WORKER, "worker", REVMARK_WORKER=WORKER, REVMARK_HUBSPOT_JOURNAL=self.url,
            REVMARK_HUBSPOT_CLIENT_ID=str(app["client_id"]), REVMARK_HUBSPOT_CLIENT_SECRET=str(app["client_secret"]),
        )  # fmt: skip

    def told(self, name: str, wanted: Mapping[str, str]) -> Counter[str]:
        """How often the wanted value of a property was told, by record."""
        found: Counter[str] = Counter()
        for change in self.changes():
            value = (change.raw.get("properties") or {}).get(name)
            found[change.record_id] += value is not None and value == wanted.get(change.record_id)
        return +found

    def changes(self) -> list[Change]:
        found = []
        for rows in self.play.records(self.play.topics.changes).values():
            for _, value in rows:
                try:
                    found.append(Change.from_bytes(value or b""))
                except Refused:
                    continue  # a mark
        return [each for each in found if each.kind == "company" and each.platform == "hubspot"]


def until(play: Performance, what: str, holds: Any, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s. {play.stage.dead()}"
        time.sleep(0.1)


def named(play: Performance) -> dict[str, str]:
    """Names in the ERP by the id of the CRM's company."""
    return {str(row.get("ContactNumber")): row["Name"] for row in play.finance.shelf("Contacts")}


def begun(play: Performance) -> Journal:
    """Firms on both sides, all linked and at rest; from then on the journal alone tells."""
    journal = Journal(play)
    for number in range(FIRMS):
        domain = f"firm{number:03}.example"
        journal.firms.append(
            play.sales.create("companies", name=f"Firm {number:03}", domain=domain, revmark_currency="NZD")
        )
    journal.subscribe()
    journal.worker()
    until(play, "all firms are in the ERP", lambda: named(play).keys() >= set(journal.firms))
    own = set(journal.firms)
    until(play, "all firms know their contact", lambda: own <= {
        row["id"] for row in play.sales.records("companies") if row["properties"].get("xero_contact_id")
    })  # fmt: skip
    calls = -1
    while calls != (calls := len(play.sales.writes()) + len(play.finance.writes())):
        time.sleep(3)  # our own writes have come back
    journal.turn(search_lag=HIDDEN, journal_file_events=FILE)
    return journal


def test_a_worker_that_is_killed_in_the_middle_of_the_journal_misses_nothing_of_it(
    broker: str, names: str, tmp_path: Path
) -> None:
    with performance(tmp_path, broker, names) as play:
        journal = begun(play)
        play.sales.fault("latency", path="companies/batch/read", params={"seconds": SLOW})
        renamed = {firm: f"Renamed {number:03}" for number, firm in enumerate(journal.firms)}
        for firm, name in renamed.items():
            play.sales.edit("companies", firm, name=name)
        until(play, "the first firms are told", lambda: len(journal.told("name", renamed)) > FILE)
        play.stage.processes.pop(WORKER).kill()
        told = journal.told("name", renamed)
        assert len(told) < FIRMS, "it was killed in the middle"

        called = {firm: f"09 {number:07}" for number, firm in enumerate(journal.firms[::2])}
        for firm, phone in called.items():
            play.sales.edit("companies", firm, phone=phone)
        gone = journal.firms[-1]
        play.sales._do("DELETE", f"people/companies/{gone}")  # noqa: SLF001 - as a person does
        journal.worker()
        del renamed[gone]
        until(play, "every number is told", lambda: called.keys() == journal.told("phone", called).keys())
        until(play, "every name is in the ERP", lambda: renamed.items() <= named(play).items())

        after = journal.told("name", renamed)
        assert after.keys() == renamed.keys(), "no name that the journal told is missed"
        assert any(each.deleted and each.record_id == gone for each in journal.changes())
        again = {firm for firm, times in told.items() if firm not in called and after[firm] > times}
        assert len(again) <= FILE, "it goes on where it stood, and not at the beginning"
        sent = Counter(str(row["id"]) for row in play.finance.writes() if row["action"] == "update")
        assert max(sent.values()) <= 1 + len(("name", "phone")), "nothing is written for what is told twice"
        assert not play.stage.dead()
