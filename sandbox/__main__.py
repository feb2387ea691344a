"""``python -m sandbox``: both pretend platforms in one process.

In: ports and limits. Out: one JSON line with addresses and credentials once both answer, then silence.
Invariant: it ends with its parent, and on SIGTERM or SIGINT.
"""

import argparse
import asyncio
import ctypes
import os
import signal
import sys
from pathlib import Path

from starlette.applications import Starlette

from sandbox.clock import SystemClock
from sandbox.server import Listener
from sandbox.wire import encode

PR_SET_PDEATHSIG = 1  # linux/prctl.h: the signal this process gets when its parent dies


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Pretend HubSpot and pretend Xero.")
    parser.add_argument("--hubspot-port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--xero-port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--only", choices=["hubspot", "xero"], help="serve one platform")
    parser.add_argument("--ready-file", type=Path, help="write the ready line there and not to standard output")
    parser.add_argument("--hubspot-burst-limit", type=int, default=190, help="calls in ten seconds")
    parser.add_argument("--hubspot-day-limit", type=int, default=625_000, help="calls in a day")
    parser.add_argument("--hubspot-search-lag", type=float, default=2.0, help="seconds until search sees a write")
    parser.add_argument("--hubspot-search-limit", type=int, default=5, help="searches in a second")
    parser.add_argument("--xero-minute-limit", type=int, default=60, help="calls in a minute")
    parser.add_argument("--xero-day-limit", type=int, default=5_000, help="calls in a day")
    parser.add_argument("--webhook-retry-scale", type=float, default=1.0, help="multiplies pauses between retries")
    parser.add_argument("--outlive-parent", action="store_true", help="stay when the parent process ends")
    return parser.parse_args(argv)


def _die_with_parent() -> None:
    """Ask Linux for a signal when the parent ends; strictly, when the thread that started this process does."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died between the two lines above
        raise SystemExit(0)


def _hubspot(args: argparse.Namespace) -> tuple[Starlette, dict[str, object]]:
    from sandbox.hubspot.app import create_app  # noqa: PLC0415 - one platform must not need the other
    from sandbox.hubspot.portal import Portal  # noqa: PLC0415

    clock = SystemClock()
    portal = Portal(
        clock=clock,
        burst_limit=args.hubspot_burst_limit,
        day_limit=args.hubspot_day_limit,
        search_limit=args.hubspot_search_limit,
        search_lag=args.hubspot_search_lag,
    )
    portal.seed_defaults()
    return create_app(portal, clock=clock, retry_scale=args.webhook_retry_scale), portal.credentials()


def _xero(args: argparse.Namespace) -> tuple[Starlette, dict[str, object]]:
    from sandbox.xero.app import create_app  # noqa: PLC0415 - one platform must not need the other
    from sandbox.xero.organisation import Organisation  # noqa: PLC0415

    clock = SystemClock()
    organisation = Organisation(clock=clock, minute_limit=args.xero_minute_limit, day_limit=args.xero_day_limit)
    organisation.seed_defaults()
    return create_app(organisation, clock=clock, retry_scale=args.webhook_retry_scale), organisation.credentials()


async def _serve(args: argparse.Namespace) -> None:
    listeners: list[Listener] = []
    ready: dict[str, object] = {"pid": os.getpid()}
    for name, build, port in (("hubspot", _hubspot, args.hubspot_port), ("xero", _xero, args.xero_port)):
        if args.only in {None, name}:
            app, credentials = build(args)
            listener = Listener(app, port)
            listeners.append(listener)
            ready[name] = {"url": listener.url, **credentials}
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for listener in listeners:
            listener.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    async with asyncio.TaskGroup() as group:
        for listener in listeners:
            group.create_task(listener.serve())
        while not all(listener.started for listener in listeners):  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.01)
        _announce(encode(ready).decode(), args.ready_file)


def _announce(line: str, ready_file: Path | None) -> None:
    if ready_file is None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        return
    part = ready_file.with_suffix(ready_file.suffix + ".part")
    part.write_text(line + "\n")
    part.rename(ready_file)  # whoever waits for the file sees all of it


def main(argv: list[str] | None = None) -> None:
    """Serve until told to stop."""
    args = _arguments(argv)
    if not args.outlive_parent:
        _die_with_parent()
    asyncio.run(_serve(args))


if __name__ == "__main__":
    main()
