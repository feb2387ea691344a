"""How Kafka is reached: its address, and what it asks of a client before it answers.

Flows in: the settings. Flows out: what each Kafka client is made with. Invariants: TLS is verified, by the system's
authorities or by the one that is named, and cannot be had unverified; a password is shown nowhere.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from schemas.errors import SettingsError

__all__ = ["Broker", "Kafka", "Mechanism", "Protocol", "reach", "refused_hint"]

Protocol = Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True, slots=True)
class Kafka:
    """One cluster, and how a client makes itself known to it."""

    address: str
    protocol: Protocol = "plaintext"
    mechanism: Mechanism = "PLAIN"
    user: str = ""
    password: str = field(default="", repr=False)
    authority: Path | None = None

    def __str__(self) -> str:
        return self.address

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            SettingsError: a user and a password are needed, or given where nobody asks for them.
        """
        if self.has_user and not (self.user and self.password):
            raise SettingsError(
                f"REVMARK_BROKER_PROTOCOL is {self.protocol}: set REVMARK_BROKER_USER and REVMARK_BROKER_PASSWORD as "
                "well, then run: revmark check"
            )
        if not self.has_user and (self.user or self.password):
            raise SettingsError(
                f"REVMARK_BROKER_USER is set and REVMARK_BROKER_PROTOCOL is {self.protocol}, which sends no user: set "
                "it to sasl_ssl, then run: revmark check"
            )
        if self.authority is not None and not self.authority.is_file():
            raise SettingsError(f"REVMARK_BROKER_CA: there is no file {self.authority}")

    @property
    def has_user(self) -> bool:
        """Whether a user is sent."""
        return self.protocol.startswith("sasl")

    @property
    def tls(self) -> ssl.SSLContext | None:
        """What a connection is verified with, where it is encrypted.

        Raises:
            SettingsError: the authority's file holds no certificate.
        """
        if not self.protocol.endswith("ssl"):
            return None
        try:
            context = ssl.create_default_context(cafile=self.authority)
        except ssl.SSLError as error:
            raise SettingsError(f"REVMARK_BROKER_CA: {self.authority} holds no certificate ({error.reason})") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def client(self) -> dict[str, Any]:
        """What a Kafka client is made with."""
        found: dict[str, Any] = {"bootstrap_servers": self.address, "security_protocol": self.protocol.upper()}
        if (context := self.tls) is not None:
            found["ssl_context"] = context
        if self.has_user:
            found |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return found


Broker = str | Kafka


def refused_hint(broker: Broker) -> str:
    """What may be wrong beside the address: a client is told no more than that the connection ended."""
    if not isinstance(broker, Kafka) or broker.protocol == "plaintext":
        return ""
    what = "REVMARK_BROKER_PROTOCOL"
    if broker.has_user:
        what += ", _MECHANISM, _USER, _PASSWORD"
    if broker.protocol.endswith("ssl"):
        what += ", _CA"
    return f" (or {what} are not what it takes)"


def reach(broker: Broker) -> dict[str, Any]:
    """What a Kafka client is made with, also for a bare address."""
    return broker.client() if isinstance(broker, Kafka) else {"bootstrap_servers": broker}
