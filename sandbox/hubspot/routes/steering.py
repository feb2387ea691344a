"""Steering the pretend HubSpot from outside: what tests over TCP cannot reach in memory.

In: ``PATCH /_sandbox/settings``. Out: the settings in force. Invariant: nothing here is of HubSpot's own.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.hubspot.definitions import Rule
from sandbox.hubspot.errors import invalid
from sandbox.hubspot.gate import Gate, body_of
from sandbox.wire import Reply


class SteeringRoutes:
    """Switches: search lag, size of the journal's files, quota spent, tokens, rules of the account."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.portal = gate.portal
        self._switches: dict[str, Callable[[Any], None]] = {
            "search_lag": self._search_lag,
            "search_jitter": self._search_jitter,
            "day_spent": lambda calls: self.portal.quota.spend(int(calls)),
            "expire_tokens": lambda _yes: self.portal.access.expire_all(),
            "journal_file_events": self._journal_file_events,
            "rules": self._rules,
            "revoke_grant": lambda _yes: self.portal.access.revoke(self.portal.access.grant.refresh_token),
        }

    def routes(self) -> list[BaseRoute]:
        """Give the routes, to stand inside the sandbox's own."""
        return [
            Route("/settings", self.gate.open(self.show), methods=["GET"]),
            Route("/settings", self.gate.open(self.change), methods=["PATCH"]),
        ]

    def _search_lag(self, seconds: Any) -> None:
        self.portal.index.lag_seconds = float(seconds)

    def _search_jitter(self, share: Any) -> None:
        self.portal.index.jitter = float(share)

    def _journal_file_events(self, most: Any) -> None:
        self.portal.journal.file_events = int(most)

    def _rules(self, rules: Any) -> None:
        self.portal.dictionary.rules = [
            Rule(self.portal.catalogue.get(rule["type"]).name, rule["property"], rule["pattern"]) for rule in rules
        ]

    async def show(self, _request: Request) -> Response:
        """Show the settings in force."""
        return Reply(
            {
                "search_lag": self.portal.index.lag_seconds,
                "search_jitter": self.portal.index.jitter,
                "journal_file_events": self.portal.journal.file_events,
                "burst_limit": self.portal.quota.burst_limit,
                "day_limit": self.portal.quota.day_limit,
            }
        )

    async def change(self, request: Request) -> Response:
        """Turn switches: ``{"search_lag": 60}``, ``{"expire_tokens": true}``, ..."""
        wanted = await body_of(request)
        if unknown := sorted(wanted.keys() - self._switches.keys()):
            raise invalid(f"unknown: {', '.join(unknown)}; there are {', '.join(self._switches)}")
        for name, value in wanted.items():
            self._switches[name](value)
        return await self.show(request)
