"""One webhook of HubSpot is followed through every process to the write that it causes in Xero, at a collector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from console.demo.cast import win_deal
from console.demo.story import ROBOT
from tests.support.collector import Collector, collecting
from tests.support.theatre import Performance, performance

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(600)]

BEGIN, END = "webhook hubspot", ["capture", "arbitrate", "write xero/invoice"]
PEOPLE = ("tui.example", "Tui", "Robot")  # of what the platforms hold, nothing is in a span


def test_a_webhook_is_one_trace_up_to_the_write_it_causes(broker: str, names: str, tmp_path: Path) -> None:
    with collecting() as collector, performance(tmp_path, broker, names, workers=1) as play:
        # After the first reading nothing is polled, so that it is a webhook that tells of the deal.
        every = {"REVMARK_POLL_EVERY": "3600", "REVMARK_TRACES": collector.url, "REVMARK_TRACE_SHARE": "1"}
        play.stage.env |= every
        play.stage.raise_curtain()
        play.story.first_sync()
        play.account.expect("the first readings have ended", {"done"}, lambda: readings(play))
        deal = win_deal(play.sales, play.cast, "Tui", "Robot one", ROBOT)
        billed(play, deal)
        play.account.expect("one trace holds the whole way", "yes", lambda: "yes" if ways(collector) else "no")
        assert not play.differences()
        (first, *later), *_ = ways(collector)
        assert first[0] == "revmark-gateway"
        assert {service for service, _ in later} == {"revmark-worker"}
        told = " ".join(str(span) for trace in collector.traces() for _, span in trace.values())
        assert not [word for word in (*PEOPLE, deal) if f'"{word}' in told]
    assert collector.posted_to == {"/v1/traces"}


def readings(play: Performance) -> set[str]:
    """How the first readings stand."""
    told = play.witness.seen(play.topics.name(play.topics.readings))
    standing = {(each["connection"], each["kind"]): each["state"] for each in told}
    connections = {connection for connection, _ in standing}
    return set(standing.values()) if len(connections) == 2 else {"not begun"}


def billed(play: Performance, deal: str) -> None:
    play.account.expect("the deal is billed", 1, lambda: sum(
        row["InvoiceNumber"] == f"RM-{deal}" for row in play.finance.invoices()
    ))  # fmt: skip


def ways(collector: Collector) -> list[list[tuple[str, Span]]]:
    """From each webhook by a read to an invoice's write, as far as it was received."""
    found = []
    for trace in collector.traces():
        for service, span in trace.values():
            way = [(service, span), *back(trace, span)][::-1]
            names = [span.name for _, span in way]
            if names[0] == BEGIN and names[-3:] == END and names[1].startswith("read hubspot/"):
                found.append(way)
    return found


def back(trace: dict[bytes, tuple[str, Span]], span: Span) -> Iterator[tuple[str, Span]]:
    """The spans that one was caused by, the nearest first; those that were not received yet are left out."""
    while (cause := trace.get(span.parent_span_id)) is not None:
        yield cause
        span = cause[1]
