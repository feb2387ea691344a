"""A small assistant over TCP behind the API that OpenAI made common, written from its reference.

Flows in: what it shall say. Flows out: chat completions, errors. Source: OpenAI API reference, "Create chat completion"
and "Error codes".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from streams.broker.ports import free_ports
from tests.support.openid import served

KEY = "sk-sandbox-key"
MODEL = "oracle-1"


@dataclass
class Oracle:
    """What it knows, and what was asked of it. It answers by the first word of a question that it knows."""

    url: str
    knows: dict[str, str] = field(default_factory=dict)
    key: str = KEY
    status: int = 0  # answered instead, from `after` questions on
    after: int = 0
    body: Any = None  # said instead of a completion
    asked: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        """The assistant as an application."""
        return Starlette(routes=[Route("/v1/chat/completions", self._complete, methods=["POST"])])

    async def _complete(self, request: Request) -> Response:
        given = await request.json()
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return self._error(401, "invalid_request_error", "invalid_api_key")
        if given["model"] != MODEL:
            return self._error(404, "invalid_request_error", "model_not_found")
        (message,) = given["messages"]
        assert message["role"] == "user"
        self.asked.append(message["content"])
        if self.status and len(self.asked) > self.after:
            if self.status in range(300, 400):
                return RedirectResponse("http://127.0.0.1:1/v1/chat/completions", self.status)
            return self._error(self.status, "server_error", None)
        said = next((text for word, text in self.knows.items() if word in message["content"]), "I do not know.")
        choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
        whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}
        return JSONResponse(whole if self.body is None else self.body)

    def _error(self, status: int, kind: str, code: str | None) -> Response:
        return JSONResponse(
            {"error": {"message": f"{KEY} is wrong", "type": kind, "param": None, "code": code}}, status
        )


@contextmanager
def oracle() -> Iterator[Oracle]:
    """An assistant that answers, until the block ends."""
    (port,) = free_ports(1)
    made = Oracle(f"http://127.0.0.1:{port}/v1")
    with served(uvicorn.Config(made.app(), port=port, log_config=None, lifespan="off", ws="none")):
        yield made
