"""`revmark gateway`: where platforms call us."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from console.options import examples
from console.output import note
from console.session import session_of
from streams.settings import Settings

EXAMPLES = examples("revmark gateway", "revmark gateway --host 0.0.0.0 --port 8080")


def command(
    context: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(help="address to listen on; REVMARK_GATEWAY_HOST if not given")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="REVMARK_GATEWAY_PORT if not given")] = None,
) -> None:
    """Take the platforms' webhooks, verify them and put them on Kafka, until Ctrl-C."""
    from streams.gateway.serve import serve  # noqa: PLC0415 - loads the web server

    given = {name: value for name, value in (("gateway_host", host), ("gateway_port", port)) if value is not None}
    settings = session_of(context).settings.model_copy(update=given)
    serve(settings, lambda: _tell(settings))


def _tell(settings: Settings) -> None:
    note(_said(settings))
    for each in lacking(settings):
        note(f"gateway: {each}", "yellow")


def lacking(settings: Settings) -> Iterator[str]:
    """What of the webhooks comes to nothing under these settings; polls find it all the same, later."""
    secrets = {
        "HubSpot": ("REVMARK_HUBSPOT_CLIENT_SECRET", settings.hubspot_client_secret),
        "Xero": ("REVMARK_XERO_WEBHOOK_KEY", settings.xero_webhook_key),
    }
    for platform, (name, secret) in secrets.items():
        if not secret.get_secret_value():
            yield (
                f"every webhook of {platform} is refused, and polls alone find what has changed: {name} is not set. "
                "Next: set it, then start the gateway again"
            )
    if not settings.contract.exists():
        yield (
            f"webhooks of custom objects are passed over: there is no contract at {settings.contract}. Next: "
            "`revmark init` writes one, REVMARK_CONTRACT says where it is; then start the gateway again"
        )


def _said(settings: Settings) -> str:
    return f"gateway: listening on {settings.gateway_host}:{settings.gateway_port}, called as {settings.gateway_url}"
