"""An examiner of Xero's wire: each request and each reply held against the document that Xero publishes.

In: requests on their way, and where they lead. Out: the replies, untouched; what was asked, and what does not fit.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import httpx
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

DOCUMENT = Path(__file__).parents[1] / "contract/xero_spec/xero_accounting.json.gz"
HOST = "https://api.xero.com"
PREFIX = "/api.xro/2.0"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_NAME = re.compile(r"[A-Z][A-Za-z]+")


@cache
def document() -> OpenAPI:
    """Xero's own document, once per run: it takes a second."""
    read = json.loads(gzip.decompress(DOCUMENT.read_bytes()))
    for path in read["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation.pop("security", None)  # OAuth 2 is not something the validator can look at
    # the document itself is invalid in one spot (a boolean with an example in quotes), so it is not checked
    return OpenAPI.from_dict(read, config=Config(spec_validator_cls=None))


@dataclass
class Examiner(httpx.AsyncBaseTransport):
    """Passes requests on; what is not the accounting API's (tokens, connections) passes unseen."""

    inner: httpx.AsyncBaseTransport
    asked: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass one on."""
        body = await request.aread()
        reply = await self.inner.handle_async_request(request)
        if not request.url.path.startswith(PREFIX):
            return reply
        content = await reply.aread()
        call = f"{request.method} {_template(request.url.path)}"
        self.asked[call] += 1
        question = MockRequest(
            HOST, request.method.lower(), request.url.path, args=dict(request.url.params),
            headers=_headers(request), data=body or None, content_type="application/json",
        )  # fmt: skip
        try:
            document().validate_request(question)
        except OpenAPIError as error:
            self.found.append(f"{call} asked: {_said(error)}")
        if content and reply.status_code != httpx.codes.NOT_FOUND:  # which is said in HTML, outside the document
            try:
                answer = MockResponse(content, reply.status_code, content_type=reply.headers.get("content-type", ""))
                document().validate_response(question, answer)
            except OpenAPIError as error:
                self.found.append(f"{call} answered {reply.status_code}: {_said(error)}")
        return httpx.Response(reply.status_code, headers=reply.headers, content=content)

    async def aclose(self) -> None:
        """Release what is behind."""
        await self.inner.aclose()


def _headers(request: httpx.Request) -> dict[str, str]:
    """As they are; but a time is UTC without saying so, as Xero's pages have it and the document's form has not."""
    headers = dict(request.headers)
    if (since := headers.get("if-modified-since")) is not None:
        assert _TIME.fullmatch(since), since
        headers["if-modified-since"] = f"{since}Z"
    return headers


def _template(path: str) -> str:
    """A path without its ids."""
    return "/".join(part if _NAME.fullmatch(part) else "*" for part in path.removeprefix(PREFIX + "/").split("/"))


def _said(error: BaseException) -> str:
    """The whole chain of causes: the first says only that something does not fit."""
    parts: list[str] = []
    at: BaseException | None = error
    while at is not None:
        parts += [str(at), *(f"{list(each.path)}: {each.message}" for each in getattr(at, "schema_errors", ()))]
        at = at.__cause__
    return "; ".join(dict.fromkeys(parts))
