"""The answer of a browser: one small server on this machine that waits for the redirect of a consent.

Flows in: requests to the redirect address. Flows out: the code. Invariants: it listens on this machine only; a request
whose state is not the one that was drawn is refused and waited on; nothing of a request is written into the page.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from schemas.errors import Refused, Transient

__all__ = ["PATH", "Answer", "answer_of", "wait"]

HOST = "127.0.0.1"
PATH = "/callback"
TURN = 0.5  # seconds between two looks at the clock while nobody asks
SLOW = 5.0  # seconds a request may take to arrive: browsers open connections that they do not use
PAGE = "<!doctype html><meta charset=utf-8><title>Revmark</title><p style='font:1rem system-ui;margin:3rem'>{}</p>"

Answer = str  # the code


def answer_of(address: str, state: str) -> Answer:
    """The code in the address that a browser was led to.

    Raises:
        Refused: it is not the answer to this question, or the person did not agree.
    """
    found = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    if not hmac.compare_digest(found.get("state", "").encode(), state.encode()):
        raise Refused("this answer belongs to another question: its state is not the one that was drawn", code="state")
    if "error" in found or not found.get("code"):
        said = found.get("error", "")
        why = "the person did not agree" if said == "access_denied" else "no code came back"
        raise Refused(f"{why}. Nothing was kept; run the command again to ask anew", code="consent")
    return found["code"]


class Door(HTTPServer):
    """Takes requests until one is the answer."""

    timeout = TURN

    def __init__(self, port: int, state: str) -> None:
        super().__init__((HOST, port), Visit)
        self.state = state
        self.answer: Answer | Refused | None = None


class Visit(BaseHTTPRequestHandler):
    """One request."""

    server: Door
    timeout = SLOW

    def do_GET(self) -> None:
        """Look whether it is the answer."""
        if urlsplit(self.path).path != PATH:
            self._say(HTTPStatus.NOT_FOUND, "Nothing is here.")
            return
        try:
            self.server.answer = answer_of(self.path, self.server.state)
            self._say(HTTPStatus.OK, "Revmark has the answer. You can close this window and look at the terminal.")
        except Refused as error:
            if error.code != "state":  # anybody on this machine may ask; only the answer counts
                self.server.answer = error
            self._say(HTTPStatus.BAD_REQUEST, "Not connected. Look at the terminal.")

    def _say(self, status: HTTPStatus, text: str) -> None:
        body = PAGE.format(text).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the address holds the code."""


def wait(port: int, state: str, seconds: float, ready: Callable[[], None]) -> Answer:
    """Listen until the answer comes; `ready` is called once it can.

    Raises:
        Refused: the person did not agree.
        Transient: the port is taken, or nothing came in time.
    """
    try:
        door = Door(port, state)
    except OSError as error:
        raise Transient(
            f"port {port} of this machine cannot be listened on ({error.strerror}). Nothing was asked. Choose another "
            "with --port, and name its address in the app",
            code="port",
        ) from error
    with door:
        ready()
        until = time.monotonic() + seconds
        while door.answer is None and time.monotonic() < until:
            door.handle_request()
    if isinstance(door.answer, Refused):
        raise door.answer
    if door.answer is None:
        raise Transient(
            f"no answer came within {seconds:.0f} seconds. Nothing was kept; run the command again, or with --paste "
            "where the browser is on another machine",
            code="consent",
        )
    return door.answer
