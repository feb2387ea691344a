"""The settings of one broker of an embedded cluster: its server.properties, and what it logs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LOGGING", "More", "Node", "nothing", "server_properties"]

LOGGING = {
    "org.slf4j.simpleLogger.defaultLogLevel": "info",
    "org.slf4j.simpleLogger.showDateTime": "true",
    "org.slf4j.simpleLogger.dateTimeFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    "org.slf4j.simpleLogger.log.state.change.logger": "off",  # one line per partition at every start
}


@dataclass(frozen=True, slots=True)
class Node:
    """One broker: its number in the cluster, its ports and its folder."""

    number: int
    port: int
    controller_port: int
    folder: Path


More = Callable[[Node], Mapping[str, object]]


def nothing(_node: Node) -> Mapping[str, object]:
    """Return no more settings."""
    return {}


def server_properties(node: Node, nodes: list[Node], more: Mapping[str, object]) -> str:
    """Return the settings of `node` in a cluster of `nodes`; `more` goes before what is made here."""
    copies = min(len(nodes), 3)
    in_sync = max(copies - 1, 1)
    lines = {
        "process.roles": "broker,controller",
        "node.id": node.number,
        "controller.quorum.voters": ",".join(f"{n.number}@127.0.0.1:{n.controller_port}" for n in nodes),
        "listeners": f"PLAINTEXT://127.0.0.1:{node.port},CONTROLLER://127.0.0.1:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{node.port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": node.folder / "data",
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": 8,  # 50 by default: files and start-up time nobody here needs
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": 4,  # as above
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        "group.initial.rebalance.delay.ms": 0,  # a worker that starts alone need not wait for others
        # A killed broker is replaced in seconds. Who is alone waits out its own last session before it may come back.
        "broker.session.timeout.ms": 6000 if len(nodes) > 1 else 3000,
        "broker.heartbeat.interval.ms": 1000,  # half of the session at most; 2000 by default
        "auto.create.topics.enable": "false",  # an accidental one has one partition only
        "log.cleaner.dedupe.buffer.size": 33_554_432,  # 128 MB by default, a quarter of the heap given
    }
    return "".join(f"{name}={value}\n" for name, value in {**lines, **more}.items())
