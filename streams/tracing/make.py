"""The tracer that settings ask for. OpenTelemetry is imported here and only where it is wanted."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

from schemas.errors import SettingsError
from streams.settings import Settings
from streams.tracing.tracer import Tracer

NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.common")


def tracer_of(settings: Settings, process: Literal["gateway", "worker"]) -> Tracer | None:
    """The tracer of a process; None where tracing is off.

    Raises:
        SettingsError: the address is none that may be called, or OpenTelemetry is not installed.
    """
    if not settings.traces:
        return None
    if not all(_is_there(name) for name in NEEDED):
        raise SettingsError(
            "REVMARK_TRACES is set and OpenTelemetry is not installed. Nothing was started. "
            "Next: pip install 'revmark[traces]', or leave REVMARK_TRACES empty"
        )
    from streams.tracing.otlp import Otlp  # noqa: PLC0415 - imports the SDK, which takes a tenth of a second

    return Otlp.of(settings, process)


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
