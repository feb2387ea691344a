"""`revmark sandbox`: the pretend HubSpot and Xero, started and driven by hand."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from console.options import DEFAULT_LIMIT, Document, Limit, Lines, examples
from console.output import Sheet, note, say, show, show_json, show_lines, value_text
from console.sandboxes import READY_FILE, Door, Name, addresses, as_settings
from console.session import session_of
from schemas.errors import Refused, Transient

app = typer.Typer(help="Run and drive a pretend HubSpot and a pretend Xero.", no_args_is_help=True)
faults = typer.Typer(help="Let things go wrong between Revmark and a sandbox.", no_args_is_help=True)
app.add_typer(faults, name="faults")

Platform = Annotated[Name, typer.Argument(help="which of the two")]
Ready = Annotated[Path | None, typer.Option("--ready-file", help="where the sandbox wrote its addresses")]
Url = Annotated[str | None, typer.Option("--url", help="its address, instead of the ready file")]
READY_SECONDS = 30.0  # it is up in two
LOOK = 0.05  # seconds between looks for the ready file


def _ready_file(context: typer.Context, given: Path | None) -> Path:
    return given or session_of(context).settings.state / READY_FILE


def _door(context: typer.Context, platform: Name, ready: Path | None, url: str | None) -> Door:
    if url:
        return Door(url.rstrip("/"))
    known = addresses(_ready_file(context, ready))
    if platform not in known:
        raise Transient(f"this sandbox serves no {platform}. Next: revmark sandbox up", code="sandbox")
    return Door(known[platform]["url"])


@app.command(epilog=examples("revmark sandbox up", "revmark sandbox up >> revmark.env"))
def up(
    context: typer.Context,
    *,
    ready: Ready = None,
    hubspot_port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 0,
    xero_port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 0,
    only: Annotated[Name | None, typer.Option(help="serve one of the two")] = None,
) -> None:
    """Start both pretend platforms on this machine, until Ctrl-C, and print the settings that point at them."""
    file = _ready_file(context, ready)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    ports = ["--hubspot-port", str(hubspot_port), "--xero-port", str(xero_port)]
    command = [sys.executable, "-m", "sandbox", "--ready-file", str(file), *ports, *(["--only", only] if only else [])]
    child = subprocess.Popen(command)  # noqa: S603 - our own module
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not file.exists():
            if child.poll() is not None or time.monotonic() > deadline:
                raise Transient("the sandbox did not come up; what it said is above. Next: try another port")
            time.sleep(LOOK)
        for name, value in as_settings(addresses(file)).items():
            say(f"{name}={value}")
        note(f"Put these lines into revmark.env. Addresses are in {file}; Ctrl-C stops the sandbox")
        child.wait()
    finally:
        child.terminate()
        child.wait()
        file.unlink(missing_ok=True)


@app.command(epilog=examples("revmark sandbox writes xero", "revmark sandbox writes hubspot --actor api --json"))
def writes(
    context: typer.Context,
    platform: Platform,
    *,
    actor: Annotated[str | None, typer.Option(help="api, person or tamper")] = None,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    ready: Ready = None,
    url: Url = None,
) -> None:
    """Show what was written on a platform, and by whom."""
    query = {"actor": actor} if actor else {}
    _list(_door(context, platform, ready, url).ask("GET", "writes", query=query), limit, json=json)


@app.command(epilog=examples("revmark sandbox calls hubspot -n 5", "revmark sandbox calls xero --json"))
def calls(
    context: typer.Context,
    platform: Platform,
    *,
    limit: Limit = DEFAULT_LIMIT,
    json: Lines = False,
    ready: Ready = None,
    url: Url = None,
) -> None:
    """Show the API calls a platform was asked."""
    _list(_door(context, platform, ready, url).ask("GET", "calls"), limit, json=json)


@app.command(epilog=examples("revmark sandbox state xero | jq keys"))
def state(context: typer.Context, platform: Platform, *, ready: Ready = None, url: Url = None) -> None:
    """Show everything a platform holds, as one JSON document."""
    show_json(_door(context, platform, ready, url).ask("GET", "state"))


@app.command(epilog=examples("revmark sandbox webhooks hubspot http://127.0.0.1:8080/webhooks/hubspot"))
def webhooks(
    context: typer.Context,
    platform: Platform,
    target: Annotated[str | None, typer.Argument(help="send them there from now on; 'none' stops them")] = None,
    *,
    ready: Ready = None,
    url: Url = None,
) -> None:
    """Show where a platform's webhooks go and what became of them, or send them elsewhere."""
    door = _door(context, platform, ready, url)
    if target is not None:
        door.ask("POST", "webhooks", body={"target_url": None if target == "none" else target})
    show_json(door.ask("GET", "webhooks"))


@faults.command("on", epilog=examples(
    "revmark sandbox faults on xero status --param status=503 --times 3",
    "revmark sandbox faults on xero drop_after --method PUT --path Invoices --times 1",
    "revmark sandbox faults on hubspot latency --param seconds=2 --rate 0.5",
))  # fmt: skip
def faults_on(
    context: typer.Context,
    platform: Platform,
    kind: Annotated[
        str,
        typer.Argument(
            help="latency, status, drop_before, drop_after, webhook_lose, webhook_duplicate, webhook_reorder or "
            "webhook_delay"
        ),
    ],
    *,
    param: Annotated[list[str] | None, typer.Option("--param", help="name=value, as status=503 or seconds=2")] = None,
    method: Annotated[str | None, typer.Option(help="strike only calls with this method")] = None,
    path: Annotated[str | None, typer.Option(help="strike only paths in which this expression is found")] = None,
    times: Annotated[int | None, typer.Option(min=1, help="how often; for ever if not given")] = None,
    rate: Annotated[float, typer.Option(min=0.0, max=1.0, help="share of the calls")] = 1.0,
    ready: Ready = None,
    url: Url = None,
) -> None:
    """Put a fault in force."""
    wanted: dict[str, Any] = {"kind": kind, "params": dict(_pair(text) for text in param or [])}
    given = {"method": method, "path": path, "times": times}
    wanted |= {name: value for name, value in given.items() if value is not None}
    if rate < 1:
        wanted["rate"] = rate
    made = _door(context, platform, ready, url).ask("POST", "faults", body=wanted)
    say(f"fault {made['id']} is in force; lift it with: revmark sandbox faults off {platform} --id {made['id']}")


@faults.command("off", epilog=examples("revmark sandbox faults off xero", "revmark sandbox faults off xero --id 2"))
def faults_off(
    context: typer.Context,
    platform: Platform,
    *,
    number: Annotated[int | None, typer.Option("--id", help="this one; all if not given")] = None,
    ready: Ready = None,
    url: Url = None,
) -> None:
    """Lift one fault, or all."""
    query = {} if number is None else {"id": str(number)}
    _door(context, platform, ready, url).ask("DELETE", "faults", query=query)
    say("lifted")


@faults.command("list", epilog=examples("revmark sandbox faults list xero"))
def faults_list(
    context: typer.Context, platform: Platform, *, json: Document = False, ready: Ready = None, url: Url = None
) -> None:
    """Show the faults in force and how often each has struck."""
    found = _door(context, platform, ready, url).ask("GET", "faults")
    if json:
        show_json(found)
    else:
        _list(found, len(found) or 1, json=False)


def _pair(text: str) -> tuple[str, object]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise Refused(f"--param takes name=value, not {text!r}", code="usage")
    try:
        return name, orjson.loads(value)
    except orjson.JSONDecodeError:
        return name, value


def _list(found: Any, limit: int, *, json: bool) -> None:
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list)), [found])
    records = list(reversed(found))[:limit]
    if json:
        show_lines(records)
        return
    headings = list(dict.fromkeys(name for record in records for name, value in record.items() if _short(value)))
    sheet = Sheet(tuple(headings))
    for record in records:
        sheet.add(*(value_text(record.get(name)) for name in headings))
    show(sheet)


def _short(value: Any) -> bool:
    return not isinstance(value, dict | list) and value not in {None, ""}
