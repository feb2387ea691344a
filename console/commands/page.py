"""`revmark page`: the web page."""

from __future__ import annotations

from typing import Annotated

import typer

from console.options import examples
from console.output import note, say
from console.session import session_of

EXAMPLES = examples("revmark page", "revmark page --port 0")


def command(
    context: typer.Context,
    *,
    host: Annotated[str | None, typer.Option(help="address to listen on; REVMARK_PAGE_HOST if not given")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="0 takes a free one; REVMARK_PAGE_PORT if not given")
    ] = None,
) -> None:
    """Serve the page that shows the flow live, until Ctrl-C."""
    from console.page.app import is_loopback, serve  # noqa: PLC0415 - loads the web server

    settings = session_of(context).settings
    given = {name: value for name, value in (("page_host", host), ("page_port", port)) if value is not None}
    settings = settings.model_copy(update=given)
    if not is_loopback(settings.page_host):
        note("the page has no log-in: whoever reaches this address sees everything on it", "yellow")
    serve(settings, lambda address: say(f"Revmark's page: {address}  (Ctrl-C ends)"))
