import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import orjson
import pytest

from sandbox.clock import SystemClock
from sandbox.faults import Fault, FaultKind, Faults
from sandbox.hubspot.app import create_app
from sandbox.hubspot.portal import Portal
from sandbox.server import serving

PATIENCE = 10  # seconds


def test_a_dropped_connection_is_dropped_over_tcp() -> None:
    faults = Faults()
    portal = Portal(token="pat-test")
    body = {"properties": {"name": "A"}}
    with (
        serving(create_app(portal, clock=SystemClock(), faults=faults)) as url,
        httpx.Client(base_url=url, headers={"Authorization": "Bearer pat-test"}) as client,
    ):
        for kind, count in ((FaultKind.DROP_BEFORE, 0), (FaultKind.DROP_AFTER, 1)):
            faults.add(Fault(kind, times=1))
            with pytest.raises(httpx.TransportError):
                client.post("/crm/v3/objects/companies", json=body)
            assert len(client.get("/_sandbox/state").json()["objects"]["companies"]) == count
        assert client.post("/crm/v3/objects/companies", json=body).status_code == 201
        assert [call.status for call in portal.calls.calls] == [None, 201, 201]


def wait_for(path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.02)


def start(*arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sandbox", "--only", "hubspot", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603 - our own


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program_says_one_line_and_stops_when_told(number: signal.Signals) -> None:
    with start("--hubspot-burst-limit", "3") as process:
        assert process.stdout is not None
        ready = orjson.loads(process.stdout.readline())["hubspot"]
        with httpx.Client(base_url=ready["url"], headers={"Authorization": f"Bearer {ready['token']}"}) as client:
            assert client.get("/crm/v3/objects/deals").headers["x-hubspot-ratelimit-max"] == "3"
        process.send_signal(number)
        rest, errors = process.communicate(timeout=PATIENCE)
        assert (process.returncode, rest, errors) == (0, b"", b"")


def test_the_program_writes_a_ready_file(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    with start("--ready-file", str(ready)) as process:
        wait_for(ready)
        assert orjson.loads(ready.read_bytes())["pid"] == process.pid
        process.terminate()
        assert process.communicate(timeout=PATIENCE) == (b"", b"")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_the_program_dies_with_its_parent(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    script = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-m', 'sandbox', '--only', 'hubspot', '--ready-file', {str(ready)!r}])\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as parent:  # noqa: S603 - our own
        wait_for(ready)
        child = int(orjson.loads(ready.read_bytes())["pid"])
        parent.kill()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and alive(child):
        time.sleep(0.02)
    assert not alive(child)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
