"""Both pretend platforms in this process, with people at their screens, on the world's clock.

Flows in: what people do, faults. Flows out: webhooks; what the platforms hold. Invariant: everything that a run could
tell apart (tokens, ids, times) follows from the seed.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import httpx
from starlette.types import ASGIApp

from sandbox.hubspot.app import create_app as hubspot_app
from sandbox.hubspot.portal import Portal
from sandbox.log import Write
from sandbox.xero.app import create_app as xero_app
from sandbox.xero.balances import amount_credited, amount_due, amount_paid
from sandbox.xero.organisation import Organisation
from tests.simulation.clockwork import Hours, Skewed
from tests.simulation.wire import SENT, Courier, Wire, call

TOKEN = "pat-sim"
SECRET = "hubspot-sim-secret"
GATEWAY = "http://gateway.sim"
GATHER = 0.5  # seconds in which HubSpot's events wait for company
Record = dict[str, Any]


class Declined(Exception):
    """A platform says no to a person: it happens, and nothing has changed."""


class Landed(list[Write]):
    """A log of writes that keeps when each was sent, by its number: a call may arrive long after."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self.sent: dict[int, float] = {}

    def append(self, write: Write) -> None:
        """Add a write, as the log does."""
        super().append(write)
        if (sent := SENT.get()) is not None:
            self.sent.setdefault(write.sequence, sent)


class Screen:
    """A platform as people use it."""

    def __init__(self, app: ASGIApp) -> None:
        """Sit down."""
        self.app = app

    async def do(self, method: str, path: str, body: Any = None) -> Any:
        """Do one thing.

        Raises:
            Declined: it cannot be done.
        """
        content = b"" if body is None else json.dumps(body).encode()
        headers = [(b"content-type", b"application/json")]
        status, _, answer = await call(self.app, method, f"/_sandbox/{path}".encode(), headers, content)
        if status >= httpx.codes.BAD_REQUEST:
            raise Declined(f"{method} {path}: {status} {answer[:300]!r}")
        return json.loads(answer) if answer else None


class Platforms:
    """A HubSpot and a Xero."""

    def __init__(self, hours: Hours, seed: int) -> None:
        """Begin with empty books, each with a clock of its own."""
        self.clocks = {name: Skewed(hours) for name in ("hubspot", "xero")}
        self.portal = Portal(clock=self.clocks["hubspot"], token=TOKEN, client_secret=SECRET, seed=seed)
        self.portal.seed_defaults()
        self.hubspot = hubspot_app(self.portal, clock=self.clocks["hubspot"], gather_seconds=GATHER)
        self.organisation = Organisation(clock=self.clocks["xero"])
        self.organisation.seed_defaults()
        self.xero = xero_app(self.organisation, clock=self.clocks["xero"])
        for log in (self.portal.writes, self.xero.state.writes):
            log.writes = Landed()
        self.credentials = self.organisation.credentials()
        self.sales, self.finance = Screen(self.hubspot), Screen(self.xero)
        self.faults = {"hubspot": self.hubspot.state.faults, "xero": self.xero.state.faults}

    async def subscribe(self, gateway: ASGIApp, lots: Random) -> None:
        """Let webhooks go to the gateway."""
        for screen, name, deliverer in (
            (self.sales, "hubspot", self.hubspot.state.deliverer),
            (self.finance, "xero", self.xero.state.hooks),
        ):
            deliverer.use(Courier(transport=Wire(gateway, lots)))
            await screen.do("POST", "webhooks", {"target_url": f"{GATEWAY}/webhooks/{name}"})

    @property
    def pending(self) -> int:
        """Webhooks on their way."""
        return int(self.hubspot.state.deliverer.pending + self.xero.state.hooks.pending)

    async def close(self) -> None:
        """Stop sending."""
        await self.hubspot.state.deliverer.close()
        await self.xero.state.hooks.close()

    # what they hold, for choices and for checks

    def records(self, kind: str, *, archived: bool = False) -> list[Record]:
        """Live records of HubSpot (or those in the recycle bin), as id, properties and last change."""
        rows = self.portal.store.all(self.portal.catalogue.get(kind))
        return [
            {"id": str(row.id), "properties": row.values(), "updated": row.updated}
            for row in rows
            if row.archived is archived
        ]

    def shelf(self, resource: str) -> list[Record]:
        """All records of a resource of Xero."""
        rows: list[Record] = list(self.organisation.shelves[resource])
        if resource != "Invoices":
            return rows
        books = self.organisation
        return [
            {
                **row,
                "AmountDue": amount_due(books, row),
                "AmountPaid": amount_paid(books, row),
                "AmountCredited": amount_credited(books, row),
            }
            for row in rows
        ]

    def invoices(self) -> list[Record]:
        """Sales invoices."""
        return [row for row in self.shelf("Invoices") if row["Type"] == "ACCREC"]

    def calls(self) -> dict[str, list[Any]]:
        """Every call that each of them got."""
        return {"hubspot": self.portal.calls.calls, "xero": self.xero.state.calls.calls}

    def secrets(self) -> dict[str, str]:
        """What must be nowhere but in the vault, by what it is; tokens that were given out since among them."""
        given = {
            name: str(self.credentials[name])
            for name in ("client_secret", "webhook_key", "refresh_token", "access_token")
        }
        issued = self.organisation.identity.issued()
        return {"hubspot token": TOKEN, "hubspot secret": SECRET, **given, **issued}

    def writes(self, platform: str) -> list[Write]:
        """What our app has written."""
        return [row for row in self._log(platform) if row.actor == "api"]

    def sent(self, platform: str) -> dict[int, float]:
        """When each of these was sent, by its number and the loop's time."""
        return self._log(platform).sent

    def _log(self, platform: str) -> Landed:
        log: Landed = (self.portal if platform == "hubspot" else self.xero.state).writes.writes
        return log
