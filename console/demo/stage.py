"""The stage: Kafka, the pretend platforms, the gateway, workers and the page, as real processes on free ports.

Invariant: when the stage is struck (or its process dies), no child is left.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from console.demo.process import Process
from schemas.contract import template
from schemas.errors import Fatal
from streams.admin import ensure_topics
from streams.broker import EmbeddedKafka, Step
from streams.topics import DEFAULT_PREFIX, Topics

READY_SECONDS = 60.0  # everything but Kafka's first download takes under ten
LOOK_EVERY = 0.05  # seconds between two looks at whether a process answers
ARRIVES_WITHIN = 5.0  # seconds: the sandboxes carry a call out within one, whatever becomes of whoever sent it
POLL_EVERY = 4.0  # seconds: a real deployment polls every minute; the demo plays a day in one
XERO_MINUTE_LIMIT = 600  # calls: Xero's 60, times ten, for the same reason


@dataclass
class Options:
    """What the command line says."""

    folder: Path
    broker: str | None = None
    page_port: int = 0
    gateway_port: int = 0
    workers: int = 2
    page: bool = True
    prefix: str = DEFAULT_PREFIX
    store: str = "rocksdb://"
    patience: float = READY_SECONDS  # for each process to come up


@dataclass
class Stage:
    """All processes of one demo."""

    options: Options
    say: Callable[[Step], None]
    env: dict[str, str] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    hubspot: dict[str, Any] = field(default_factory=dict)
    xero: dict[str, Any] = field(default_factory=dict)
    broker: str = ""
    page_url: str = ""
    gateway_url: str = ""
    stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        """Bring up what does not need the platforms' records yet: Kafka and the platforms."""
        try:
            self._platforms()
            self._kafka()
            self._settings()
        except BaseException:
            self.strike()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Strike the stage."""
        self.strike()

    def strike(self) -> None:
        """End everything: workers first, so that they leave their group; Kafka last."""
        for process in self.processes.values():
            process.signal_stop()
        for process in self.processes.values():
            process.stop()
        self.processes.clear()
        self.stack.close()

    @property
    def topics(self) -> Topics:
        """The topics of this demo."""
        return Topics(self.options.prefix)

    def prepare(self) -> None:
        """Make the topics, and the properties that HubSpot must have with the command that a new user runs."""
        asyncio.run(ensure_topics(self.broker, self.topics))
        self.say(Step("Preparing HubSpot's properties", 0.5))
        self.run("check", "--create")

    def raise_curtain(self) -> None:
        """Start gateway, workers and page, and let the platforms send their webhooks."""
        self.say(Step("Starting gateway, workers and page", 0.7))
        self.spawn("gateway", "gateway")
        for number in range(1, self.options.workers + 1):
            self.worker(number)
        if self.options.page:
            self.spawn("page", "page")
            self._until("page", lambda: _answers(f"{self.page_url}/"))
        self._until("gateway", lambda: _answers(f"{self.gateway_url}/healthz"))
        for platform, at in (("hubspot", self.hubspot), ("xero", self.xero)):
            target = f"{self.gateway_url}/webhooks/{platform}"
            httpx.post(f"{at['url']}/_sandbox/webhooks", json={"target_url": target}, timeout=30).raise_for_status()

    def worker(self, number: int) -> Process:
        """Start a worker."""
        name = f"worker-{number}"
        return self.spawn(name, "worker", REVMARK_WORKER=name)

    def spawn(self, name: str, *arguments: str, **more: str) -> Process:
        """Start one of Revmark's own commands."""
        command = [sys.executable, "-m", "console.main", *arguments]
        process = Process(name, command, env={**self.env, **more}, log=self.options.folder / "logs" / f"{name}.log")
        self.processes[name] = process
        return process

    def run(self, *arguments: str) -> str:
        """Run one of Revmark's own commands to its end.

        Raises:
            Fatal: it did not end well; the message holds what it said.
        """
        command = [sys.executable, "-m", "console.main", *arguments]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip()
            raise Fatal(f"`revmark {' '.join(arguments)}` ended with {done.returncode}:\n{said}")
        return done.stdout

    def dead(self) -> str:
        """What a process that ended by itself has said; empty while all are well."""
        return "\n".join(
            f"{process.name} ended:\n{process.last_words}" for process in self.processes.values() if not process.running
        )

    def _platforms(self) -> None:
        self.say(Step("Starting the sandbox HubSpot and Xero", 0.0))
        ready = self.options.folder / "sandbox.json"
        ready.parent.mkdir(parents=True, exist_ok=True)
        ready.unlink(missing_ok=True)
        command = [
            sys.executable, "-m", "sandbox", "--ready-file", str(ready),
            "--xero-minute-limit", str(XERO_MINUTE_LIMIT), "--hubspot-search-lag", "1",
        ]  # fmt: skip
        env = {name: value for name, value in os.environ.items() if not name.startswith("REVMARK_")}
        self.processes["sandbox"] = Process(
            "sandbox", command, env=env, log=self.options.folder / "logs" / "sandbox.log"
        )
        self._until("sandbox", ready.exists)
        known = json.loads(ready.read_text())
        self.hubspot, self.xero = known["hubspot"], known["xero"]

    def _kafka(self) -> None:
        if self.options.broker:
            self.broker = self.options.broker
            return
        kafka = EmbeddedKafka.start(folder=self.options.folder / "kafka", progress=self.say)
        self.stack.callback(kafka.stop)
        self.broker = kafka.address

    def _settings(self) -> None:
        folder = self.options.folder
        contract = folder / "contract.yaml"
        if not contract.exists():
            contract.write_text(template(), encoding="utf-8")
        gateway_port = self.options.gateway_port or free_port()
        page_port = self.options.page_port or free_port()
        self.gateway_url, self.page_url = f"http://127.0.0.1:{gateway_port}", f"http://127.0.0.1:{page_port}"
        key = folder / "secret.key"
        if not key.exists():
            key.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
            key.chmod(0o600)
        settings = {
            "BROKER": self.broker,
            "CONTRACT": str(contract),
            "STATE": str(folder / "state"),
            "TENANT": "demo",
            "TOPIC_PREFIX": self.options.prefix,
            "GROUP": f"{self.options.prefix}workers",
            "STORE": self.options.store,
            "SESSION_TIMEOUT": "6",  # seconds, the least Kafka allows: a killed worker is replaced soon
            "POLL_EVERY": str(POLL_EVERY),
            "ARRIVES_WITHIN": str(ARRIVES_WITHIN),
            "GATEWAY_PORT": str(gateway_port),
            "GATEWAY_URL": self.gateway_url,
            "PAGE_PORT": str(page_port),
            "SECRET_KEY": key.read_text(),
            "HUBSPOT_URL": self.hubspot["url"],
            "HUBSPOT_PORTAL": str(self.hubspot["portal_id"]),
            "HUBSPOT_TOKEN": self.hubspot["token"],
            "HUBSPOT_CLIENT_SECRET": self.hubspot["webhook_secret"],
            "XERO_URL": self.xero["url"],
            "XERO_IDENTITY_URL": self.xero["url"],
            "XERO_TENANT": self.xero["tenant_id"],
            "XERO_CLIENT_ID": self.xero["client_id"],
            "XERO_CLIENT_SECRET": self.xero["client_secret"],
            "XERO_REFRESH_TOKEN": self.xero["refresh_token"],
            "XERO_WEBHOOK_KEY": self.xero["webhook_key"],
            "XERO_MINUTE_CALLS": str(XERO_MINUTE_LIMIT),
        }
        env_file = folder / "revmark.env"
        env_file.write_text("".join(f"REVMARK_{name}={value}\n" for name, value in settings.items()))
        env_file.chmod(0o600)
        outside = {name: value for name, value in os.environ.items() if not name.startswith("REVMARK_")}
        self.env = {**outside, "REVMARK_ENV_FILE": str(env_file), "PYTHONUNBUFFERED": "1"}

    def _until(self, name: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self.options.patience
        while not ready():
            process = self.processes[name]
            if not process.running:
                raise Fatal(f"{name} ended instead of coming up. Its last words:\n{process.last_words}")
            if time.monotonic() > deadline:
                raise Fatal(
                    f"{name} runs and did not answer within {self.options.patience:.0f} seconds. "
                    f"Its last words:\n{process.last_words}"
                )
            time.sleep(LOOK_EVERY)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False
