"""A directory answers as the list of its routes would, and remembers."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from sandbox.directory import Directory


async def named(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.path_params}")


def routes() -> list[Route | Mount]:
    return [
        Mount("/control", routes=[Route("/{what}", named)]),
        Route("/{kind}/new", named, methods=["POST"]),
        Route("/{kind}/{id}", named, methods=["GET"]),
        Route("/{kind}/{id}", named, methods=["POST"]),
    ]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_it_answers_as_the_list_of_its_routes_does(method: str):
    apps = [Starlette(routes=routes()), Starlette(routes=[Directory(routes())])]
    for path in ("/control/faults", "/deals/new", "/deals/7", "/deals/8", "/deals/7", "/deals", "/deals/new"):
        answers = []
        for app in apps:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
                reply = await client.request(method, path)
                answers.append((reply.status_code, reply.text, reply.headers.get("allow")))
        assert answers[0] == answers[1], path


def test_it_looks_once_for_a_path_and_forgets_when_it_knows_too_many(monkeypatch: pytest.MonkeyPatch):
    class Counting(Route):
        looks = 0

        def matches(self, scope):  # noqa: ANN001 - starlette's
            Counting.looks += 1
            return super().matches(scope)

    # The first is never asked: no path of it begins as these do.
    directory = Directory([Counting("/a/{b}", named), Counting("/{b}/c", named), Counting("/{b}", named)])
    scope = {"type": "http", "method": "GET", "path": "/b"}
    for _ in range(5):
        directory.matches(dict(scope))
    assert Counting.looks == 2
    monkeypatch.setattr("sandbox.directory.REMEMBERED", 2)
    for path in ("/c", "/d", "/b"):
        directory.matches(scope | {"path": path})
    assert Counting.looks == 2 + 3 * 2
