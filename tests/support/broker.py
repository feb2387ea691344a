"""The Kafka that tests run on.

Flows in: the environment. Flows out: the address of a broker that answers. `REVMARK_BROKER` names one that
runs already; `REVMARK_TEST_BROKER=docker` starts the image of the same version with testcontainers; otherwise
the embedded one is started in a temporary folder and is gone with the session.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.broker import KAFKA_VERSION, BrokerError, EmbeddedKafka
from streams.broker.ports import brokers_known, free_ports

__all__ = ["kafka_for_tests"]

IMAGE = f"apache/kafka:{KAFKA_VERSION}"
UP_WITHIN = 60.0  # seconds, after the image has been pulled


@contextmanager
def kafka_for_tests(folder: Path) -> Iterator[str]:
    """Yield the address of the broker the environment asks for; stop it afterwards if it was started here."""
    if running := os.environ.get("REVMARK_BROKER"):
        yield running
    elif os.environ.get("REVMARK_TEST_BROKER") == "docker":
        with _container() as address:
            yield address
    else:
        with EmbeddedKafka.start(folder=folder) as kafka:
            yield kafka.address


@contextmanager
def _container() -> Iterator[str]:
    """Run Apache's own image; its port must be the same inside and outside, for Kafka tells clients where to go."""
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - looks for an engine when imported

    (port,) = free_ports(1)
    settings = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }
    with DockerContainer(IMAGE).with_envs(**settings).with_bind_ports(port, port):
        deadline = time.monotonic() + UP_WITHIN
        while not brokers_known(port):
            if time.monotonic() > deadline:
                raise BrokerError(f"{IMAGE} did not answer on port {port} within {UP_WITHIN:.0f} seconds.")
            time.sleep(0.1)
        yield f"127.0.0.1:{port}"
