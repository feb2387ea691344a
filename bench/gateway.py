"""`gateway`: webhooks by the clock, each answered when its hints are on Kafka, beside a bare route of the same server.

Two processes: this one sends, the gateway answers. Flows out: milliseconds from when a request was due, so that one
that had to wait for another counts its wait. Invariant: every event of a request that was answered 200 is on the topic.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import httpx
import orjson

from bench.kafka import Lab
from bench.process import until
from bench.report import Figures
from streams.broker.ports import free_ports
from streams.gateway.signatures import HUBSPOT_SIGNATURE, HUBSPOT_TIMESTAMP, hubspot_signature
from streams.topics import Topics

__all__ = ["measure"]

SECRET = "bench"  # noqa: S105 - of a gateway that nobody else can call
TOPIC = Topics().name(Topics().lane("hubspot"))
URL = "https://bench.example"  # what HubSpot would call, and signs
WARM = 2.0  # seconds before anything counts
PATIENCE = 60.0  # seconds for the gateway to come up
ANSWER = 30.0  # seconds for an answer: HubSpot waits five and sends again
ENOUGH = 400  # connections: what one answer takes must not keep the next request back
BARE = "bare_route"
LOADS = {  # contestant -> requests a second, events in each
    BARE: (200, 0),
    "webhooks": (200, 10),
    "webhooks_100": (50, 100),
}


@dataclass
class Heard:
    """What was noted of the requests that count, and how many records are not on the topic that should be."""

    took: list[float] = field(default_factory=list)
    refused: int = 0
    lost: int = 0


def measure(lab: Lab, *, seconds: float, rounds: int, say: Callable[[str], None]) -> Figures:
    """Run the rounds, loads interleaved, and return the figures."""
    found = {name: Heard() for name in LOADS}
    lab.make({TOPIC: 1})
    try:
        with tempfile.TemporaryDirectory(prefix="bench-gateway-") as folder:
            for number in range(1, rounds + 1):
                for name, heard in found.items():
                    _once(lab, name, Path(folder), f"{number}{name}", seconds, heard)
                    say(f"round {number} {name}: p99 {_spread(heard.took)['p99']} ms")
    finally:
        lab.drop([TOPIC])
    bare = _spread(found[BARE].took)
    contestants = {name: _summary(name, heard, bare) for name, heard in found.items()}
    print(f"{'':14}{'requests/s':>12}{'events each':>12}{'p50':>8}{'p95':>8}{'p99':>8}  ms")
    for name, row in contestants.items():
        shown = "".join(f"{part:>8.1f}" for part in row["took_ms"].values()) if row["correct"] else "  WRONG RESULT"
        print(f"{name:14}{row['rate']:>12}{row['events_each']:>12}{shown}")
    return {"seconds": seconds, "rounds": rounds, "contestants": contestants}


def _summary(name: str, heard: Heard, bare: dict[str, float]) -> Figures:
    took, (rate, events) = _spread(heard.took), LOADS[name]
    return {
        "rate": rate,
        "events_each": events,
        "took_ms": took,
        "ratio_p99": round(took["p99"] / bare["p99"], 1),
        "requests": len(heard.took),
        "refused": heard.refused,
        "lost": heard.lost,
        "correct": not heard.lost and not heard.refused,
    }


def _once(lab: Lab, name: str, folder: Path, tag: str, seconds: float, heard: Heard) -> None:
    """Send one load to a gateway of its own, and count what is on the topic of it."""
    place = folder / tag
    place.mkdir()
    (port,) = free_ports(1)
    env = {key: value for key, value in os.environ.items() if not key.startswith("REVMARK_")}
    env |= {
        "REVMARK_BROKER": lab.broker, "REVMARK_GATEWAY_URL": URL, "REVMARK_GATEWAY_PORT": str(port),
        "REVMARK_HUBSPOT_CLIENT_SECRET": SECRET, "REVMARK_HUBSPOT_PORTAL": "1",
    }  # fmt: skip
    before = lab.ends(TOPIC)[0]
    with (place / "log").open("wb") as log:
        gateway = subprocess.Popen(
            [sys.executable, "-m", "console.main", "gateway"],
            env=env | {"PYTHONPATH": str(Path(__file__).parents[1])},
            cwd=place,
            stdout=log,
            stderr=log,
        )
    base = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(base), "the gateway did not come up", [gateway], folder, PATIENCE)
        sent = asyncio.run(_send(base, name, tag, seconds, heard))
        heard.lost += len(sent - _there(lab, before))
    finally:
        gateway.terminate()
        gateway.wait(PATIENCE)


def _answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/healthz").is_success
    except httpx.TransportError:
        return False


def _there(lab: Lab, before: int) -> set[str]:
    """The records that the topic asks to be read, from an offset on."""
    work = (orjson.loads(value) for offset, _, value in lab.read(TOPIC) if offset >= before)
    return {record for each in work for record in each.get("record_ids", [])}


async def _send(base: str, name: str, tag: str, seconds: float, heard: Heard) -> set[str]:
    """Send at the rate; return the records of what was answered 200."""
    rate, events = LOADS[name]
    sent: set[str] = set()
    limits = httpx.Limits(max_connections=ENOUGH, max_keepalive_connections=ENOUGH)
    async with httpx.AsyncClient(base_url=base, timeout=ANSWER, limits=limits) as client:
        began = time.perf_counter()
        waiting: list[asyncio.Task[None]] = []

        async def ask(number: int, due: float) -> None:
            records = [f"{number}{event:03}" for event in range(events)]
            answer = await (client.get("/healthz") if not events else _post(client, tag, records))
            if answer.is_success:
                sent.update(records)
            if due >= began + WARM:
                heard.took.append((time.perf_counter() - due) * 1000)
                heard.refused += not answer.is_success

        for number in range(1, int((WARM + seconds) * rate) + 1):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            waiting.append(asyncio.create_task(ask(number, due)))
        await asyncio.gather(*waiting)
    return sent


async def _post(client: httpx.AsyncClient, tag: str, records: list[str]) -> httpx.Response:
    """Send what HubSpot would, signed as HubSpot does."""
    now = int(time.time() * 1000)
    body = orjson.dumps([
        {
            "eventId": int(record), "subscriptionId": 1, "portalId": 1, "appId": 1, "occurredAt": now,
            "subscriptionType": "company.propertyChange", "attemptNumber": 0, "objectId": int(record),
            "propertyName": "name", "propertyValue": f"{tag} {record}", "changeSource": "CRM_UI",
        }
        for record in records
    ])  # fmt: skip
    path, stamp = "/webhooks/hubspot", str(now)
    signed = hubspot_signature(SECRET, "POST", f"{URL}{path}", body, stamp)
    headers = {"Content-Type": "application/json", HUBSPOT_SIGNATURE: signed, HUBSPOT_TIMESTAMP: stamp}
    return await client.post(path, content=body, headers=headers)


def _spread(values: list[float]) -> dict[str, float]:
    cuts = quantiles(values, n=100)
    return {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1), "p99": round(cuts[98], 1)}
