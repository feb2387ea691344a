"""Verifying: a run of the verification from the command line's side.

In: the session's settings, the contract, what was asked for. Out: a report: steps, and what of the run is left where.
Invariants: nothing is written before the deployment was found at work and somebody has said yes; a run is on this
machine's disk before its first record is made.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from console import readiness
from schemas.contract import Contract
from schemas.errors import Refused, Transient
from streams.platforms.hubspot.shapes import CUSTOM, shapes_of
from streams.settings import Settings
from streams.verification import access
from streams.verification.books import Books
from streams.verification.cleaning import Cleaning
from streams.verification.pacing import Pacing
from streams.verification.portal import Portal
from streams.verification.recipe import recipe
from streams.verification.run import Run, Shelf
from streams.verification.steps import Step, Stopped, Walk
from streams.verification.verification import Verification

RUN_BYTES = 4  # eight hexadecimal digits: nobody verifies often enough for two runs to meet
XERO_PAGES = {
    "invoice": "https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID={}",
    "contact": "https://go.xero.com/Contacts/View/{}",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for."""

    account: str = ""
    keep: bool = False
    patience: float = 600.0


@dataclass(slots=True)
class Report:
    """What came of it. `left` are the roles that are still there, with their ids; `why` says it of some."""

    run: Run
    steps: list[Step] = field(default_factory=list)
    stopped: Step | None = None
    why: dict[str, str] = field(default_factory=dict)
    workers: int = 0

    @property
    def ok(self) -> bool:
        """Whether each step came."""
        return self.stopped is None and all(step.ok for step in self.steps)


@dataclass(slots=True)
class Verifier:
    """Runs and cleans."""

    settings: Settings
    contract: Contract
    wish: Wish
    tell: Callable[[Step], None]
    renewed: Callable[[str], None] | None

    @property
    def shelf(self) -> Shelf:
        """Where runs are kept."""
        return Shelf(self.settings.state / "verify")

    @property
    def accounts(self) -> dict[str, str]:
        """Whose records they are."""
        return {"hubspot": self.settings.hubspot_portal, "xero": self.settings.xero_tenant}

    async def ready(self) -> readiness.Readiness:
        """Whether a run can begin.

        Raises:
            Refused: the contract bills no deal, or only with what a test deal does not have.
            Transient: a connection stands still, or no worker runs.
        """
        recipe(self.contract, "")
        found = await self._look("Nothing was made")
        if found.obstacles:
            raise Transient(f"not now: {'. '.join(found.obstacles)}. Nothing was made", code="readiness")
        return found

    async def verify(self, ready: readiness.Readiness) -> Report:
        """Make a run and play it; clean it where all came, unless it is to be kept."""
        at = datetime.now(UTC)
        prefix = self.contract.invoice_defaults.number_prefix
        run = Run(secrets.token_hex(RUN_BYTES), at.isoformat(timespec="seconds"), self.accounts, prefix)
        report = Report(run, workers=ready.workers)
        walk = self._walk(report)
        books = access.books(self.settings, working=True, spent=ready.spent)
        found = recipe(self.contract, run.name)
        async with self._at(report, books) as portal:
            async with walk.step("xero: an account takes the payment") as said:
                account = await walk.pacing.ask(lambda: books.account(self.wish.account, self.contract.base_currency))
                said.append(f"{account.get('Code') or ''} {account.get('Name')}".strip())
            self.shelf.keep(run)
            await Verification(walk, portal, books, self.contract, found, _now).play(account)
            if not self.wish.keep:
                await self._cleaned(Cleaning(walk, portal, books, found), report)
        return report

    @asynccontextmanager
    async def _at(self, report: Report, books: Books) -> AsyncIterator[Portal]:
        """Both sides, closed in the end; where the work stops is put into the report."""
        portal = access.portal(self.settings, self.contract)
        try:
            yield portal
        except Stopped as stop:
            report.stopped = stop.step
        finally:
            await portal.close()
            await books.close()

    def find(self, name: str) -> Run:
        """A run that was begun, here or elsewhere.

        Raises:
            Refused: it was made in other accounts than those of the settings.
        """
        run = self.shelf.find(name) or Run(name, "", self.accounts, self.contract.invoice_defaults.number_prefix)
        if run.accounts != self.accounts:
            named = ", ".join(f"{platform} {account}" for platform, account in run.accounts.items())
            raise Refused(f"run {name} was made in {named}, and the settings are of other accounts", code="deployment")
        return run

    async def clean(self, run: Run) -> Report:
        """Take away what is there of a run.

        Raises:
            Transient: the broker does not answer.
        """
        found = await self._look("Nothing was taken away")
        report = Report(run, workers=found.workers)
        walk = self._walk(report)
        books = access.books(self.settings, working=bool(found.workers), spent=found.spent, keep=self.renewed)
        async with self._at(report, books) as portal:
            await self._cleaned(Cleaning(walk, portal, books, self._expected() if found.workers else None), report)
        return report

    async def _look(self, left: str) -> readiness.Readiness:
        try:
            return await readiness.look(self.settings, self.contract)
        except Transient as error:
            said = f"{error.message}. {left}. Next: start the broker (`revmark broker`) or set REVMARK_BROKER"
            raise Transient(said, code=error.code) from error

    def _expected(self) -> Any:
        try:
            return recipe(self.contract, "")
        except Refused:  # the contract is another one by now
            return None

    async def _cleaned(self, cleaning: Cleaning, report: Report) -> None:
        try:
            await cleaning.clean()
        finally:
            report.why = cleaning.left
        if not report.run.left and report.workers:
            self.shelf.forget(report.run)

    def _walk(self, report: Report) -> Walk:
        pacing = Pacing(self.wish.patience, _now, asyncio.sleep)
        return Walk(report.run, pacing, self.shelf.keep, self.tell, report.steps)


def page_of(settings: Settings, contract: Contract, role: str, record_id: str) -> str:
    """Where people see a record; empty where it has no page of its own, or one whose address this cannot know."""
    platform, _, kind = role.partition("/")
    if platform == "xero":
        return XERO_PAGES.get(kind, "").format(record_id)
    shape = shapes_of(contract).get(kind)
    if shape is None or shape.type_id == CUSTOM:
        return ""
    base = settings.hubspot_login_url.rstrip("/")
    return f"{base}/contacts/{settings.hubspot_portal}/record/{shape.type_id}/{record_id}"


def _now() -> datetime:
    return datetime.now(UTC)
