"""What Kafka clients are made with; a broker that asks for it is in tests/recovery/test_secured_kafka.py."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from schemas.errors import SettingsError
from streams.kafka import Kafka, Protocol, reach, refused_hint
from streams.settings import Settings


def test_a_bare_address_is_plaintext():
    assert reach("one:9092,two:9092") == {"bootstrap_servers": "one:9092,two:9092"}
    assert reach(Settings(_env_file=None, broker="one:9092").kafka) == {
        "bootstrap_servers": "one:9092",
        "security_protocol": "PLAINTEXT",
    }


def test_tls_is_verified_with_the_systems_authorities():
    context = Kafka("one:9093", "ssl").client()["ssl_context"]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_user_is_sent_as_the_mechanism_has_it():
    found = Kafka("one:9094", "sasl_plaintext", "SCRAM-SHA-512", "revmark", "geheim").client()
    assert found == {
        "bootstrap_servers": "one:9094",
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "revmark",
        "sasl_plain_password": "geheim",
    }


def test_the_password_is_in_no_text_of_it():
    kafka = Kafka("one:9094", "sasl_plaintext", user="revmark", password="geheim")
    assert "geheim" not in f"{kafka} {kafka!r} {refused_hint(kafka)}"
    assert str(kafka) == "one:9094"


@pytest.mark.parametrize("protocol", ["sasl_plaintext", "sasl_ssl"])
@pytest.mark.parametrize(("user", "password"), [("", ""), ("revmark", ""), ("", "geheim")])
def test_a_user_that_is_asked_for_and_not_given_is_named(protocol: Protocol, user: str, password: str):
    with pytest.raises(SettingsError, match="set REVMARK_BROKER_USER and REVMARK_BROKER_PASSWORD as well"):
        Kafka("one:9094", protocol, user=user, password=password)


@pytest.mark.parametrize("protocol", ["plaintext", "ssl"])
def test_a_user_that_would_not_be_sent_is_refused(protocol: Protocol):
    with pytest.raises(SettingsError, match="which sends no user"):
        Kafka("one:9094", protocol, user="revmark", password="geheim")


def test_an_authority_that_is_none_is_refused(tmp_path: Path):
    with pytest.raises(SettingsError, match="there is no file"):
        Kafka("one:9093", "ssl", authority=tmp_path / "none.pem")
    (tmp_path / "ca.pem").write_text("not a certificate")
    with pytest.raises(SettingsError, match="holds no certificate"):
        Kafka("one:9093", "ssl", authority=tmp_path / "ca.pem").client()


@pytest.mark.parametrize(
    ("kafka", "named"),
    [
        (Kafka("a:1"), ""),
        (Kafka("a:1", "ssl"), " (or REVMARK_BROKER_PROTOCOL, _CA are not what it takes)"),
        (
            Kafka("a:1", "sasl_ssl", user="u", password="p"),
            " (or REVMARK_BROKER_PROTOCOL, _MECHANISM, _USER, _PASSWORD, _CA are not what it takes)",
        ),
    ],
)
def test_what_else_may_be_wrong_is_named_when_nothing_answers(kafka: Kafka, named: str):
    assert refused_hint(kafka) == named
