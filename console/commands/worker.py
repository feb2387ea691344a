"""`revmark worker`: one Faust worker."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from console.options import examples
from console.session import session_of
from schemas.contract import load_contract

EXAMPLES = examples(
    "revmark worker", "revmark worker --name two --metrics-port 9465", "faust -A streams.app worker -l info"
)


def command(
    context: typer.Context,
    *,
    name: Annotated[
        str | None, typer.Option(help="its folder under the state folder; each worker of a machine needs its own")
    ] = None,
    metrics_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="where Prometheus finds its metrics; 0 takes any free port")
    ] = None,
) -> None:
    """Run a worker, until Ctrl-C. More workers share the work: give each its own --name."""
    session = session_of(context)
    if session.env_file is not None:
        os.environ["REVMARK_ENV_FILE"] = str(session.env_file)  # the app reads its settings when it is imported
    if name is not None:
        os.environ["REVMARK_WORKER"] = name
    if metrics_port is not None:
        os.environ["REVMARK_METRICS_PORT"] = str(metrics_port)
    load_contract(session.settings.contract)  # a wrong setting or contract is one message and exit code 2
    from streams.app import run_worker  # noqa: PLC0415 - loads Faust, and connects what it declares

    run_worker()
