"""An assistant behind an API as OpenAI's, asked fixed questions about what the fact sheets are of.

In: the settings, fact sheets. Out: its answers. Invariants: only names and SKUs leave this machine, never a fact of a
sheet, so that what comes back is what the assistant knows; the address is called over TLS unless it is on this machine,
and nothing else is; no redirect is followed; the key is in no message and no log.
Source: OpenAI's API reference, chat completions, as other vendors and local servers serve it too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx

from console.facts.answers import Answer
from console.facts.sheet import FactSheet
from schemas.errors import Refused, SettingsError, Transient
from schemas.names import Entity
from schemas.wire import decode_answer
from streams.platforms.door import Chosen, secure
from streams.platforms.outbound import client
from streams.settings import Settings

PATIENCE = 120.0  # seconds for an answer: a large model on a small machine takes its time
LONGEST = 100_000  # letters of an answer that are read: a page of text has three thousand
_COMPANY = (
    "What do you know about the company {name}? Tell its legal name, other names it trades under, its address, phone "
    "number, website and tax number, and the areas it serves. Write one short sentence for each and name the company "
    "in it. Leave out what you do not know."
)
_PRODUCT = (
    "What do you know about the product {name}{sku}{seller}? Tell its SKU and its price with the currency. Write one "
    "short sentence for each and name the product in it. Leave out what you do not know."
)


def question(sheet: FactSheet, seller: FactSheet | None) -> str:
    """What is asked about a record."""
    name = " ".join(str(sheet.value("name") or sheet.label).split())
    if sheet.entity is Entity.COMPANY:
        return _COMPANY.format(name=name)
    sku = sheet.value("sku")
    return _PRODUCT.format(
        name=name, sku=f" (SKU {sku})" if sku else "", seller=f" of {seller.label}" if seller else ""
    )


class Assistant:
    """One model at one address."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Of the settings; `transport` takes the place of the network.

        Raises:
            SettingsError: no assistant is named, or its address cannot be called safely.
        """
        base, self.model = settings.assistant_url.strip(), settings.assistant_model.strip()
        if not base or not self.model:
            raise SettingsError(
                "no assistant is named. Nothing was asked. Set REVMARK_ASSISTANT_URL and REVMARK_ASSISTANT_MODEL, or "
                "write answers into a file: revmark facts check answers.txt"
            )
        if not secure(base) or httpx.URL(base).query or httpx.URL(base).fragment:
            raise SettingsError(
                "REVMARK_ASSISTANT_URL is not called: it has to be an https address without a question mark, or http "
                "on 127.0.0.1 or localhost. Nothing was asked"
            )
        self.url = base.rstrip("/") + "/chat/completions"
        self.host = httpx.URL(self.url).host
        self._door = Chosen.at(self.url)
        self._key = settings.assistant_key.get_secret_value()
        self._transport = transport

    async def answers(self, sheets: Sequence[FactSheet], seller: FactSheet | None) -> AsyncIterator[Answer]:
        """Its answers about each record, as they come.

        Raises:
            Transient: it does not answer.
            Refused: it refuses, or its answer is none.
        """
        headers = {"Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        async with client(self._door, self._transport, timeout=PATIENCE, headers=headers) as http:
            for sheet in sheets:
                text = await self._ask(http, question(sheet, seller))
                yield Answer(text[:LONGEST], sheet.record, self.model)

    async def _ask(self, http: httpx.AsyncClient, asked: str) -> str:
        body = {"model": self.model, "messages": [{"role": "user", "content": asked}]}
        try:
            answer = await http.post(self.url, json=body)
        except httpx.HTTPError as error:
            raise Transient(f"{self.host} did not answer ({type(error).__name__})", code="assistant") from error
        status = answer.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
            raise Transient(f"{self.host} answered {status}. Try again later", code=str(status))
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise Refused(f"{self.host} answered {status}: see REVMARK_ASSISTANT_KEY", code=str(status))
        if not answer.is_success:
            raise Refused(
                f"{self.host} answered {status}: see REVMARK_ASSISTANT_URL and REVMARK_ASSISTANT_MODEL",
                code=str(status),
            )
        return _text(decode_answer(answer.content), self.host)


def _text(body: dict[str, Any], host: str) -> str:
    """What it said. An answer without a text, as of a model that only calls tools, is none."""
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str):
        raise Refused(f"{host} answered without a text: see REVMARK_ASSISTANT_URL", code="assistant")
    return content
