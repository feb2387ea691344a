"""`revmark page`: the web page."""

from __future__ import annotations

from typing import Annotated

import typer

from console.options import examples
from console.output import say
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
    """Serve the page that shows the flow live, until Ctrl-C.

    On loopback it is yours. Where other machines reach it people sign in, or it does not start.
    """
    from console.page.app import serve  # noqa: PLC0415 - loads the web server

    settings = session_of(context).settings
    given = {name: value for name, value in (("page_host", host), ("page_port", port)) if value is not None}
    settings = settings.model_copy(update=given)
    at = f" for {settings.page_url}" if settings.page_oidc_issuer else ""
    serve(settings, lambda address: say(f"Revmark's page: {address}{at}  (Ctrl-C ends)"))
