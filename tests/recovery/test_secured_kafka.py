"""A Kafka over TLS that asks for a user: every client of ours gets in, and none with a wrong password."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from console.projection.cluster import consumer, describe
from console.word import send
from schemas.command import Poll
from schemas.contract import template
from schemas.errors import Fatal, Transient
from streams.admin import ensure_topics
from streams.broker import EmbeddedKafka
from streams.broker.ports import free_ports
from streams.broker.properties import Node
from streams.checkup.broker import finding
from streams.gateway.produce import KafkaProduce
from streams.kafka import Kafka
from streams.settings import Settings
from streams.topics import Topics
from tests.unit.engine.processes import PATIENCE, until

USER, PASSWORD = "revmark", "Ko-tahi_rua-toru"
TOPICS = Topics("secured.", 1)
LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
USES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Papers:
    """A certificate with its key, and the authority that signed it."""

    authority: Path
    chain: str
    key: str


def papers(folder: Path) -> Papers:
    """An authority of this test's own, and a certificate of 127.0.0.1 that it signs."""
    now = dt.datetime.now(dt.UTC)
    ours, theirs = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of a test")])
    base = x509.CertificateBuilder().issuer_name(issuer).not_valid_before(now - DAY).not_valid_after(now + DAY)
    authority = (
        base.subject_name(issuer)
        .public_key(ours.public_key())
        .serial_number(1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ours.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(**dict.fromkeys(USES, False) | {"key_cert_sign": True}),
            critical=True,
        )
        .sign(ours, hashes.SHA256())
    )
    certificate = (
        base.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]))
        .public_key(theirs.public_key())
        .serial_number(2)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ours.public_key()), critical=False)
        .sign(ours, hashes.SHA256())
    )
    path = folder / "authority.pem"
    path.write_bytes(authority.public_bytes(Encoding.PEM))
    key = theirs.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Papers(path, certificate.public_bytes(Encoding.PEM).decode(), key.decode())


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """The cluster, as its settings name it: a listener beside the plain one, which only the broker's keeper uses."""
    folder = tmp_path_factory.mktemp("secured")
    made = papers(folder)
    (port,) = free_ports(1)

    def more(node: Node) -> dict[str, object]:
        plain = f"PLAINTEXT://127.0.0.1:{node.port}"
        secured = f"SECURED://127.0.0.1:{port}"
        return {
            "listeners": f"{plain},{secured},CONTROLLER://127.0.0.1:{node.controller_port}",
            "advertised.listeners": f"{plain},{secured}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SECURED:SASL_SSL,CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.secured.plain.sasl.jaas.config": f'{LOGIN} required user_{USER}="{PASSWORD}";',
            "ssl.keystore.type": "PEM",
            "ssl.keystore.certificate.chain": made.chain.replace("\n", "\\n"),
            "ssl.keystore.key": made.key.replace("\n", "\\n"),
        }

    with EmbeddedKafka.start(folder=folder / "kafka", more=more):
        yield Kafka(f"127.0.0.1:{port}", "sasl_ssl", user=USER, password=PASSWORD, authority=made.authority)


def settings(kafka: Kafka, folder: Path) -> dict[str, str]:
    return {
        "REVMARK_BROKER": kafka.address,
        "REVMARK_BROKER_PROTOCOL": kafka.protocol,
        "REVMARK_BROKER_USER": kafka.user,
        "REVMARK_BROKER_PASSWORD": kafka.password,
        "REVMARK_BROKER_CA": str(kafka.authority),
        "REVMARK_PARTITIONS": "1",
        "REVMARK_TOPIC_PREFIX": TOPICS.prefix,
        "REVMARK_CONTRACT": str(folder / "contract.yaml"),
        "REVMARK_STATE": str(folder / "state"),
    }


async def test_console_gateway_and_checkup_get_in(kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    await ensure_topics(kafka, TOPICS)
    assert await ensure_topics(kafka, TOPICS) == []
    lane = TOPICS.lane("xero")
    poll = Poll(tenant="main", connection="main:xero", kinds=[], sweep=True, at=dt.datetime.now(dt.UTC))
    await send(kafka, TOPICS.name(lane), poll.connection, poll)
    produce = KafkaProduce(kafka)
    await produce.start()
    async with asyncio.timeout(PATIENCE):
        while not produce.ready:  # noqa: ASYNC110 - it tells nobody else
            await asyncio.sleep(0.05)
    await produce(TOPICS.name(lane), b"main:xero", poll.to_bytes())
    await produce.stop()
    assert (await describe(kafka, TOPICS, [lane.name])).partitions == {lane.name: [0]}
    async with consumer(kafka) as client:
        assert client.partitions_for_topic(TOPICS.name(lane)) is not None or await client.topics()
    for name, value in settings(kafka, tmp_path).items():
        monkeypatch.setenv(name, value)
    looked = await finding(Settings(_env_file=None))
    assert looked.ok, looked.detail


async def test_a_wrong_password_and_an_unknown_authority_are_told_with_what_to_look_at(kafka: Kafka):
    for wrong in (replace(kafka, password="guessed"), replace(kafka, authority=None)):
        with pytest.raises(Fatal, match="REVMARK_BROKER_PROTOCOL, _MECHANISM, _USER, _PASSWORD, _CA") as error:
            await ensure_topics(wrong, TOPICS)
        assert PASSWORD not in str(error.value)
        with pytest.raises(Transient, match="REVMARK_BROKER_PROTOCOL, _MECHANISM, _USER, _PASSWORD, _CA"):
            await describe(wrong, TOPICS, ["facts"])


async def test_a_worker_gets_in_and_is_ready(kafka: Kafka, tmp_path: Path):
    (tmp_path / "contract.yaml").write_text(template())
    env = {
        **os.environ,
        **settings(kafka, tmp_path),
        "REVMARK_HUBSPOT_TOKEN": "none",
        "REVMARK_HUBSPOT_URL": "http://127.0.0.1:1",
    }
    env |= {"REVMARK_XERO_URL": "http://127.0.0.1:1", "REVMARK_XERO_IDENTITY_URL": "http://127.0.0.1:1"}
    env |= {"REVMARK_SECRET_KEY": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="}
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "console.main", "worker", env=env, cwd=tmp_path, stdout=out, stderr=out
        )
    try:
        await until(lambda: "is ready" in log.read_text() or worker.returncode is not None, explain=log.read_text)
        assert worker.returncode is None, log.read_text()
        assert PASSWORD not in log.read_text()
    finally:
        worker.terminate()
        async with asyncio.timeout(PATIENCE):
            await worker.wait()
