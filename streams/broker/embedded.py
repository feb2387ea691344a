"""An Apache Kafka cluster of one or more brokers on this machine.

Flows in: a folder (new, or one of an earlier start: its data is kept). Flows out: an address.
Invariant: when `start` returns, every broker is registered and answers; when it raises, none is left running.
"""

import base64
import json
import subprocess
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

from streams.broker.classpath import KAFKA_VERSION, class_path
from streams.broker.errors import BrokerError
from streams.broker.java import find_java
from streams.broker.ports import brokers_known, free_ports, is_free
from streams.broker.process import BrokerProcess
from streams.broker.progress import Progress, Step, silent
from streams.broker.properties import LOGGING, More, Node, nothing, server_properties

__all__ = ["KAFKA_VERSION", "EmbeddedKafka"]

HEAP = "512m"  # a broker of a demo or a test uses 340 MB all told
UP_WITHIN = 60.0  # seconds; 2 to 4 on an idle machine, minutes never
ASK_EVERY = 0.05  # seconds between two questions whether it is up
ATTEMPTS = 3  # starts when a port we chose is taken before Kafka binds it
TAKEN = "Address already in use"


class EmbeddedKafka:
    """A running cluster; make one with `start`, as a context manager or not."""

    def __init__(self, nodes: list[Node], command: list[str], more: More = nothing) -> None:
        self._nodes = nodes
        self._more = more
        self._command = command
        self._processes: dict[int, BrokerProcess] = {}

    @classmethod
    def start(
        cls, *, folder: Path, brokers: int = 1, port: int | None = None, progress: Progress = silent,
        more: More = nothing,
    ) -> "EmbeddedKafka":  # fmt: skip
        """Start a cluster whose data lives in `folder`, and return when it answers.

        Args:
            folder: where data, settings and logs are kept; one that an earlier start used is opened again.
            brokers: how many; 3 keep every record three times.
            port: the first broker's port; by default the one `folder` was last used with, else any free one.
            progress: told what is happening; its steps are strings with a `fraction`.
            more: settings of Kafka's own for a broker, before those that are made here.

        Raises:
            BrokerError: it did not come up; the last lines of its log are in the message.
        """
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        command = [str(find_java()), "-cp", class_path(progress)]
        for attempt in range(1, ATTEMPTS + 1):
            progress(Step(f"Starting Apache Kafka {KAFKA_VERSION}", 0.0))
            cluster = cls(_plan(folder, brokers, port), command, more)
            try:
                cluster._bring_up(folder, progress)
            except BrokerError as error:
                cluster.kill()
                if TAKEN not in str(error) or port is not None or attempt == ATTEMPTS:
                    raise
            except BaseException:
                cluster.kill()
                raise
            else:
                progress(Step(f"Apache Kafka {KAFKA_VERSION} at {cluster.address}", 1.0))
                return cluster
        raise AssertionError("the last attempt returns or raises")

    @property
    def address(self) -> str:
        """The brokers' addresses, as every Kafka client takes them."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self._nodes)

    def stop(self) -> None:
        """Stop all brokers cleanly; the data stays in the folder."""
        for process in self._processes.values():
            process.let_go()
        for process in self._processes.values():
            process.stop()
        self._processes.clear()

    def kill(self, number: int | None = None) -> None:
        """Kill all brokers at once, or the one with this number (from 1), as a power cut would."""
        for each in [number] if number is not None else list(self._processes):
            self._processes.pop(each).kill()

    def running(self, number: int) -> bool:
        """Whether the broker with this number (from 1) is there: one that cannot write its log ends by itself."""
        return number in self._processes and self._processes[number].running

    def revive(self) -> None:
        """Start the brokers that were killed or ended again, on their old ports, and wait until they answer."""
        for node in self._nodes:
            if not self.running(node.number):
                self._launch(node)
        self._wait(silent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _bring_up(self, folder: Path, progress: Progress) -> None:
        identity = _identity(folder)
        for node in self._nodes:
            node.folder.mkdir(exist_ok=True)
            (node.folder / "server.properties").write_text(server_properties(node, self._nodes, self._more(node)))
            if not (node.folder / "data" / "meta.properties").exists():
                self._format(node, identity)
        for node in self._nodes:
            self._launch(node)
        self._wait(progress)

    def _format(self, node: Node, identity: str) -> None:
        quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        arguments = [
            "format",
            "-t",
            identity,
            "-c",
            str(node.folder / "server.properties"),
            "--ignore-formatted",
        ]
        java, *path = self._command
        said = subprocess.run(  # noqa: S603 - our own command
            [java, *quick, *path, "kafka.tools.StorageTool", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if said.returncode:
            raise BrokerError(f"The folder {node.folder} could not be formatted for Kafka:\n{said.stdout}{said.stderr}")

    def _launch(self, node: Node) -> None:
        java, *path = self._command
        options = [
            f"-Xmx{HEAP}",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            f"-XX:ErrorFile={node.folder}/crash.log",
            *(f"-D{name}={value}" for name, value in LOGGING.items()),
        ]
        command = [java, *options, *path, "kafka.Kafka", str(node.folder / "server.properties")]
        self._processes[node.number] = BrokerProcess(command, folder=node.folder)

    def _wait(self, progress: Progress) -> None:
        deadline = time.monotonic() + UP_WITHIN
        waiting = list(self._nodes)
        while waiting:
            for number, process in self._processes.items():
                if not process.running:
                    raise BrokerError(
                        f"Kafka broker {number} ended while starting; its log is {process.log}:\n{process.last_words()}"
                    )
            waiting = [node for node in waiting if brokers_known(node.port) < len(self._nodes)]
            if waiting and time.monotonic() > deadline:
                process = self._processes[waiting[0].number]
                raise BrokerError(
                    f"Kafka broker {waiting[0].number} did not answer within {UP_WITHIN:.0f} seconds; "
                    f"its log is {process.log}:\n{process.last_words()}"
                )
            progress(Step(f"Starting Apache Kafka {KAFKA_VERSION}", 1 - len(waiting) / len(self._nodes)))
            time.sleep(ASK_EVERY if waiting else 0)


def _plan(folder: Path, brokers: int, port: int | None) -> list[Node]:
    """Choose ports: the asked-for, else those of the last start when they are free, else new ones."""
    record = folder / "ports.json"
    last: list[list[int]] = json.loads(record.read_text()) if record.exists() else []
    if last and len(last) != brokers:
        raise BrokerError(f"{folder} holds a cluster of {len(last)} brokers, not {brokers}; use another folder.")
    if port is not None and not is_free(port):
        raise BrokerError(f"Port {port} is in use: {TAKEN}. Nothing was started; free it or choose another.")
    fresh = free_ports(2 * brokers)
    chosen = [
        [own if is_free(own) else fresh[2 * i], controller if is_free(controller) else fresh[2 * i + 1]]
        for i, (own, controller) in enumerate(last)
    ] or [[fresh[2 * i], fresh[2 * i + 1]] for i in range(brokers)]
    if port is not None:
        chosen[0][0] = port
    record.write_text(json.dumps(chosen))
    return [Node(i, own, controller, folder / f"broker-{i}") for i, (own, controller) in enumerate(chosen, start=1)]


def _identity(folder: Path) -> str:
    """Return the cluster's id, made once per folder: Kafka's form of a UUID (base64, and no leading dash)."""
    record = folder / "cluster.id"
    if not record.exists():
        record.write_text("R" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:])
    return record.read_text()
