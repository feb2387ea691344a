import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from schemas.errors import SettingsError
from streams.settings import Settings
from streams.tracing import make, tracer_of
from streams.tracing.measures import TraceMeasures
from tests.support.tracing import Spans

ROOT = Path(__file__).parents[3]
ROOMS = ("schemas", "tables", "streams", "agents", "console")


def importing(what: str) -> set[str]:
    """The files in which a line begins that imports a module, at the top level."""
    lines = re.compile(rf"^(from|import) {re.escape(what)}\b", re.MULTILINE)
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return {str(path.relative_to(ROOT)) for path in files if lines.search(path.read_text(encoding="utf-8"))}


def test_where_it_is_off_nothing_of_opentelemetry_is_imported():
    assert importing("opentelemetry") == {"streams/tracing/otlp.py"}
    assert importing("streams.tracing.otlp") == set()
    assert tracer_of(Settings(), "worker") is None


def test_where_it_is_on_the_process_says_who_it_is():
    tracer = tracer_of(Settings(traces="http://127.0.0.1:1", trace_share=0, tenant="acme", worker="w1"), "worker")
    assert tracer is not None
    assert tracer.begin("webhook xero") is None
    tracer.close()


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(make, "NEEDED", ("opentelemetry.no_such_thing", "nowhere.at.all"))
    with pytest.raises(SettingsError, match=r"revmark\[traces\]"):
        tracer_of(Settings(traces="http://127.0.0.1:1"), "gateway")


def test_an_address_that_cannot_be_called_is_said_at_the_start():
    with pytest.raises(SettingsError):
        tracer_of(Settings(traces="tempo:4318"), "gateway")


def test_what_the_sdk_cannot_read_of_the_environment_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_SPAN_LINK_COUNT_LIMIT", "many")
    with pytest.raises(SettingsError, match="OTEL_SPAN_LINK_COUNT_LIMIT"):
        tracer_of(Settings(traces="http://127.0.0.1:1"), "gateway")


def test_prometheus_sees_what_became_of_spans():
    spans = Spans()
    span = spans.tracer.begin("capture")
    assert span is not None
    span.end()
    spans.all()
    registry = CollectorRegistry()
    registry.register(TraceMeasures(spans.tracer))
    told = generate_latest(registry).decode()
    assert 'revmark_trace_spans_total{result="sent"} 1.0' in told
    assert 'revmark_trace_spans_total{result="dropped"} 0.0' in told
