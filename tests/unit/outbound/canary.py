"""A canary: something that listens where nobody may call, and counts those who do."""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Self

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


@dataclass
class Canary:
    """Counts connections (with TLS: those whose handshake was agreed on), and keeps the first bytes of each."""

    tls: ssl.SSLContext | None = None
    answer: bytes = ANSWER
    heard: list[bytes] = field(default_factory=list)
    port: int = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._hear, "127.0.0.1", ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = len(self.heard)
        self.heard.append(b"")
        self.heard[place] = await reader.read(65_536)
        writer.write(self.answer)
        await writer.drain()
        writer.close()
