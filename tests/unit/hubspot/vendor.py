"""Small ASGI applications that play one documented reply of HubSpot each, and a client in front of them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import VirtualClock
from streams.platforms.hubspot.auth import Auth, StaticToken
from streams.platforms.hubspot.client import HubSpotClient
from streams.platforms.hubspot.shapes import SHAPES, Shape

Answer = Callable[[Request, Any], Response]


@dataclass
class Vendor:
    """Answers every call with `answer`, and remembers the calls."""

    answer: Answer
    auth: Callable[["Vendor"], Auth] = lambda _vendor: StaticToken("pat-x")
    shapes: Mapping[str, Shape] = field(default_factory=lambda: SHAPES)
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(automatic=True))
    bodies: list[tuple[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        async def take(request: Request) -> Response:
            raw = await request.body()
            body = json.loads(raw) if request.headers.get("content-type") == "application/json" else raw.decode()
            self.bodies.append((request.url.path, body))
            self.tokens.append(request.headers.get("authorization", ""))
            return self.answer(request, body)

        methods = ["GET", "POST"]
        self.transport = httpx.ASGITransport(app=Starlette(routes=[Route("/{path:path}", take, methods=methods)]))
        self.client = HubSpotClient(
            "https://api.hubapi.com",
            "2026-09",
            self.auth(self),
            transport=self.transport,
            clock=self.clock.now,
            sleep=self.clock.sleep,
            timezone="Pacific/Auckland",
            shapes=self.shapes,
        )

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.bodies]


def record(number: str, updated: str = "2026-09-01T09:00:00.000Z", **properties: str) -> dict[str, Any]:
    return {"id": number, "properties": properties, "updatedAt": updated, "archived": False}


def results(*records: dict[str, Any], status: int = 200, **more: Any) -> Response:
    return JSONResponse({"status": "COMPLETE", "results": list(records), **more}, status)


def refusal(status: int, message: str, category: str = "VALIDATION_ERROR", **more: Any) -> Response:
    return JSONResponse({"status": "error", "message": message, "category": category, **more}, status)
