"""A whole deployment on three brokers: the demo's stage, and whoever starts ended workers again.

Invariant: a worker that is not there because we killed or stopped it is missed by nobody; one that ended by itself is
started again after a moment, as a process manager would, and counted. Processes are started by the main thread alone:
they end with the thread that started them.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from console.demo.process import Process
from console.demo.stage import Stage
from streams.broker import EmbeddedKafka
from streams.broker.ports import free_ports
from streams.broker.properties import Node, nothing
from streams.topics import Topics
from tests.chaos.product.disks import SmallDisk
from tests.chaos.product.network import Network
from tests.support.contracts import contract_text

__all__ = ["SESSION", "House", "WorkerProcess"]

WORKER = str(Path(__file__).with_name("worker.py"))
SESSION = 6.0  # seconds, the least Kafka takes: what a group waits for a member it does not hear of
LOOK_EVERY = 0.05  # seconds
AGAIN_AFTER = 1.0  # seconds until a worker that ended by itself is started again
READY_WITHIN = 90.0  # seconds on a busy machine; three to five on an idle one
WEIGH_EVERY = 1.0  # seconds: the kernel keeps the most that a process ever took, until that ends
STATE_MIB = 160  # of the workers' disk: several times what they keep there
KAFKA_MIB = 512  # of a broker's disk: some times what an hour of these people leaves there


class WorkerProcess(Process):
    """A worker with its log, from its latest start on."""

    began: int = 0  # where in the log
    at: float = 0.0

    def _start(self) -> subprocess.Popen[bytes]:
        self.began = self.log.stat().st_size if self.log.exists() else 0
        self.at = time.monotonic()
        return super()._start()

    @property
    def ready(self) -> bool:
        """Whether it has said that it has its partitions."""
        with self.log.open("rb") as log:
            log.seek(self.began)
            return b" is ready" in log.read()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._child.pid

    def send(self, number: int) -> None:
        """Send it a signal."""
        self._child.send_signal(number)

    @property
    def peak(self) -> float:
        """The most memory it ever had resident, in MiB; 0 where the kernel does not say, or when it has ended."""
        try:
            said = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return 0.0
        kept = [line.split()[1] for line in said.splitlines() if line.startswith("VmHWM:")]
        return int(kept[0]) / 1024 if kept else 0.0  # it is told in kB

    @property
    def code(self) -> int | None:
        """What it ended with; None while it is there."""
        return self._child.poll()


@dataclass
class House(Stage):
    """All of it; `members` are the workers that should be there."""

    replication: int = 3
    small_disks: Collection[str] = ()  # of workers, brokers
    network: Network | None = None
    peak: float = 0.0  # MiB that a worker took at most
    loads: list[float] = field(default_factory=list)  # how many processes of the machine had work, of a minute
    kafka: EmbeddedKafka = field(init=False)
    disks: dict[str, list[SmallDisk]] = field(default_factory=dict)  # those that could be mounted
    members: dict[str, WorkerProcess] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    _weighed: float = 0.0

    @property
    def topics(self) -> Topics:
        """Topics as a production deployment has them."""
        return Topics(self.options.prefix, replication=self.replication)

    @property
    def orders(self) -> Path:
        """Where workers find what they are to die of."""
        return self.options.folder / "orders"

    @property
    def state(self) -> Path:
        """The disk of the workers."""
        return self.options.folder / "state"

    def _kafka(self) -> None:
        if self.options.broker:  # one that runs already, for faults that leave it alone
            self.broker, self.replication = self.options.broker, 1
            return
        folder = self.options.folder / "kafka"
        self._mount("brokers", [folder / f"broker-{number}" for number in range(1, self.replication + 1)], KAFKA_MIB)
        more = nothing if self.network is None else self._behind
        self.kafka = EmbeddedKafka.start(folder=folder, brokers=self.replication, progress=self.say, more=more)
        self.stack.callback(self.kafka.stop)
        self.broker = self.kafka.address if self.network is None else self.network.address

    def _behind(self, node: Node) -> Mapping[str, object]:
        """Clients come in by a listener that they are told the line to; brokers know each other by their own."""
        assert self.network is not None
        (port,) = free_ports(1)
        line = self.network.line(node.number, port)
        own, controller = f"127.0.0.1:{node.port}", f"127.0.0.1:{node.controller_port}"
        return {
            "listeners": f"PLAINTEXT://{own},LINE://127.0.0.1:{port},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{own},LINE://127.0.0.1:{line.port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,LINE:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
        }

    def _settings(self) -> None:
        folder = self.options.folder
        self.orders.mkdir()
        # Two minutes of these people are a busy month: what brakes hold back is not lost, and not looked for here.
        (folder / "contract.yaml").write_text(contract_text({"brakes": None}), encoding="utf-8")
        super()._settings()
        with (folder / "revmark.env").open("a") as settings:
            settings.write(f"REVMARK_REPLICATION={self.replication}\n")
        self.env["CHAOS_ORDERS"] = str(self.orders)
        root = str(Path(__file__).parents[3])
        self.env["PYTHONPATH"] = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        self._mount("workers", [self.state], STATE_MIB)

    # workers

    def worker(self, number: int) -> WorkerProcess:
        """Start a worker on the folder its name had before."""
        name = f"worker-{number}"
        made = self.members.get(name)
        if made is not None and made.running:
            return made
        log = self.options.folder / "logs" / f"{name}.log"
        made = WorkerProcess(name, [sys.executable, WORKER], env={**self.env, "REVMARK_WORKER": name}, log=log)
        self.members[name] = self.processes[name] = made
        return made

    def take(self, name: str) -> WorkerProcess:
        """Miss a worker no more: it is about to be killed or stopped."""
        del self.processes[name]
        return self.members.pop(name)

    def keep(self) -> None:
        """Start again whoever ended by itself; weigh the others now and then."""
        if time.monotonic() - self._weighed > WEIGH_EVERY:
            self._weighed = time.monotonic()
            self.peak = max([self.peak, *(worker.peak for worker in self.members.values())])
            self.loads.append(os.getloadavg()[0])
        for name, worker in list(self.members.items()):
            code = worker.code
            if code is not None and time.monotonic() - worker.at > AGAIN_AFTER:
                order = list(self.orders.glob(f"die.*.{worker.pid}"))
                if not order:
                    self.ended.append(f"{name} ended with exit code {code}: {worker.last_words.splitlines()[-1:]}")
                worker.restart()

    def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait, and keep the house meanwhile; whether it came to hold."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                return False
            self.keep()
            time.sleep(LOOK_EVERY)
        return True

    def rest(self, seconds: float) -> None:
        """Let time pass."""
        self.until(lambda: False, seconds)

    def settled(self) -> None:
        """Wait until every worker that should be there has its partitions.

        Raises:
            AssertionError: one has not.
        """
        ready = self.until(lambda: all(worker.ready for worker in self.members.values()), READY_WITHIN)
        assert ready, [f"{name}: {each.last_words}" for name, each in self.members.items() if not each.ready]

    def traces(self) -> int:
        """How many stack traces workers have left in their logs."""
        logs = (self.options.folder / "logs").glob("worker-*.log")
        return sum(log.read_text(errors="replace").count("Traceback (most recent call last)") for log in logs)

    # what the platforms say of the gateway

    def deliveries(self) -> list[tuple[str, int | None]]:
        """When webhooks were sent, and what the gateway answered (None: nothing in time)."""
        found: list[tuple[str, int | None]] = []
        for at in (self.hubspot, self.xero):
            listing: dict[str, Any] = httpx.get(f"{at['url']}/_sandbox/webhooks", timeout=30).json()
            found += [(row["at"], row["status"]) for row in listing["deliveries"]]
        return found

    # brokers

    @contextmanager
    def frozen(self, brokers: list[int]) -> Iterator[None]:
        """Brokers that answer nobody, and hang up on nobody either."""
        keepers = [self.kafka._processes[number]._process.pid for number in brokers]  # noqa: SLF001 - a fault from outside
        for number in (signal.SIGSTOP, signal.SIGCONT):
            try:
                for pid in keepers:
                    os.killpg(pid, number)
                if number == signal.SIGSTOP:
                    yield
            except BaseException:
                for pid in keepers:
                    os.killpg(pid, signal.SIGCONT)
                raise

    def _mount(self, whose: str, folders: list[Path], mib: int) -> None:
        if whose in self.small_disks:
            mounted = [SmallDisk.mount(folder, mib, self.stack) for folder in folders]
            if all(mounted):
                self.disks[whose] = [disk for disk in mounted if disk is not None]
