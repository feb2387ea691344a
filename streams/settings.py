"""Settings of a deployment: addresses, credentials, intervals. From the environment (REVMARK_*) and `revmark.env`.

What the business decides is in the contract, nothing of it is here. An unknown key is an error with a suggestion.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import SettingsError
from schemas.names import ConnectionId, connection_id
from streams.kafka import Kafka, Mechanism, Protocol

PREFIX = "REVMARK_"
ENV_FILE = "revmark.env"
# Variables with our prefix that steer the process before settings are read, and tests.
OUTSIDE = {"REVMARK_ENV_FILE", "REVMARK_TEST_BROKER"}


class Settings(BaseSettings):
    """One deployment. Each field is read from REVMARK_<NAME>; see `revmark init` for the commented file."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_file_encoding="utf-8")

    # the deployment
    broker: str = Field(default="127.0.0.1:9092", description="host:port[,host:port] of Kafka")
    broker_protocol: Protocol = Field(
        default="plaintext", description="plaintext, ssl, sasl_plaintext or sasl_ssl, as Kafka's listener has it"
    )
    broker_mechanism: Mechanism = Field(default="PLAIN", description="of sasl: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
    broker_user: str = ""
    broker_password: SecretStr = SecretStr("")
    broker_ca: Annotated[Path | None, BeforeValidator(lambda given: None if given == "" else given)] = Field(
        default=None, description="file of the authority that signed Kafka's certificate; empty: the system's"
    )
    contract: Path = Field(default=Path("contract.yaml"), description="the Revenue Data Contract")
    state: Path = Field(default=Path(".revmark"), description="folder of local state, one per machine")
    worker: str = Field(default="worker", description="this worker's name: its folder under the state folder")
    store: Literal["rocksdb://", "memory://"] = Field(default="rocksdb://", description="rocksdb:// or memory://")
    partitions: int = Field(default=4, ge=1, le=256, description="of every topic; fixed once topics exist")
    replication: int = Field(default=1, ge=1, le=5, description="3 in production")
    topic_prefix: str = Field(default="revmark.", description="what every topic's name begins with")
    group: str = Field(default="revmark", description="the workers' consumer group")
    session_timeout: float = Field(default=10.0, ge=6.0, description="seconds; Kafka refuses less than 6")
    keep_place: bool = Field(
        default=False,
        description="true: a restart within the session timeout moves nothing; names then differ everywhere",
    )

    gated: bool = Field(
        default=False, description="true: workers read and decide, and write nothing before `revmark apply` lets them"
    )

    # cadence, seconds
    poll_every: float = Field(
        default=120.0, gt=0, description="between polls that back up the webhooks; a round costs Xero about six calls"
    )
    sweep_every: float = Field(default=86_400.0, gt=0, description="between full readings")
    arrives_within: float = Field(
        default=120.0, gt=0, description="a call whose answer was lost has arrived by then; only then is it sent again"
    )
    reconcile_hour: Annotated[int | None, BeforeValidator(lambda given: None if given == "" else given)] = Field(
        default=None,
        ge=0,
        le=23,
        description="of the day after, in the contract's zone: a worker reconciles each night; empty: none does",
    )

    # edges
    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=8080, ge=1, le=65535)
    gateway_url: str = Field(default="http://127.0.0.1:8080", description="the public address that platforms call")
    page_host: str = "127.0.0.1"
    page_port: int = Field(default=8090, ge=0, le=65535)
    page_published: str = Field(
        default="",
        description="host:port that a container's page is published at; empty: page_host says who reaches it",
    )
    page_url: str = Field(default="", description="the https address at which people open the page, once they sign in")
    page_oidc_issuer: str = Field(
        default="", description="of the OpenID Connect provider that people sign in with; empty: loopback only"
    )
    page_oidc_client_id: str = ""
    page_oidc_client_secret: SecretStr = SecretStr("")
    page_oidc_scopes: str = Field(default="openid email profile", description="what the provider is asked for")
    page_operators: str = Field(
        default="", description="who may act: e-mails and claim=value (as groups=finance), with commas between"
    )
    page_viewers: str = Field(default="", description="who may look, written as the above")
    page_session_hours: float = Field(default=8.0, gt=0, le=168, description="after which people sign in again")
    page_metrics_token: SecretStr = Field(
        default=SecretStr(""),
        description="bearer token for the page's /metrics where people sign in; empty: it is shut",
    )
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int | None, BeforeValidator(lambda given: None if given == "" else given)] = Field(
        default=None, ge=0, le=65535, description="of a worker, for Prometheus: one each; empty serves none"
    )
    secret_key: SecretStr = Field(default=SecretStr(""), description="base64 of 32 bytes: seals grants at rest")
    traces: str = Field(
        default="",
        description="address of an OTLP/HTTP collector that takes spans, as http://127.0.0.1:4318; empty: off",
    )
    trace_share: float = Field(default=0.01, ge=0, le=1, description="of the webhooks and polls that begin a trace")

    # HubSpot
    hubspot_url: str = "https://api.hubapi.com"
    hubspot_login_url: str = Field(default="https://app.hubspot.com", description="where a person agrees to an app")
    hubspot_version: str = Field(default="2026-09", description="the date-based API version")
    hubspot_portal: str = ""
    hubspot_token: SecretStr = Field(default=SecretStr(""), description="static token of a private app")
    hubspot_client_id: str = ""
    hubspot_client_secret: SecretStr = Field(default=SecretStr(""), description="also signs the webhooks")
    hubspot_refresh_token: SecretStr = SecretStr("")
    hubspot_journal: str = Field(
        default="", description="the address that files of the webhooks journal come from; empty: it is not read"
    )

    # Xero
    xero_url: str = "https://api.xero.com"
    xero_identity_url: str = "https://identity.xero.com"
    xero_login_url: str = Field(default="https://login.xero.com", description="where a person agrees to an app")
    xero_tenant: str = Field(default="", description="the organisation's id")
    xero_client_id: str = ""
    xero_client_secret: SecretStr = SecretStr("")
    xero_refresh_token: SecretStr = Field(default=SecretStr(""), description="the first one; it rotates from then on")
    xero_webhook_key: SecretStr = SecretStr("")
    xero_minute_calls: int = Field(default=60, ge=1, description="calls a minute that Xero allows this app")

    tenant: str = Field(default="main", pattern=r"^[a-z0-9-]+$", description="this deployment's tenant")

    # assistants, of which `revmark facts check --ask` asks one
    assistant_url: str = Field(
        default="", description="of an API as OpenAI's, as https://api.openai.com/v1; empty: none is asked"
    )
    assistant_model: str = ""
    assistant_key: SecretStr = Field(default=SecretStr(""), description="bearer key; empty: it is asked without")

    def connection(self, platform: str) -> ConnectionId:
        """The tenant's connection on a platform."""
        return connection_id(self.tenant, platform)

    @property
    def kafka(self) -> Kafka:
        """How Kafka is reached.

        Raises:
            SettingsError: what is set for it does not go together.
        """
        return Kafka(
            self.broker,
            self.broker_protocol,
            self.broker_mechanism,
            self.broker_user,
            self.broker_password.get_secret_value(),
            self.broker_ca,
        )

    @property
    def worker_folder(self) -> Path:
        """Where this worker keeps its local state."""
        return self.state / "workers" / self.worker


def load_settings(env_file: Path | None = None) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: an unknown or unusable key; the message says which and what was probably meant.
    """
    named = env_file or (Path(os.environ["REVMARK_ENV_FILE"]) if "REVMARK_ENV_FILE" in os.environ else None)
    path = named or Path(ENV_FILE)
    if named is not None and not named.exists():
        raise SettingsError(f"there is no settings file {named}. Nothing was started. Write one with: revmark init")
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for key in os.environ:
        if key.startswith(PREFIX) and key not in known | OUTSIDE:
            raise SettingsError(_unknown(key, known, "the environment"))
    try:
        return Settings(_env_file=path if path.exists() else None)
    except ValidationError as error:
        raise SettingsError("; ".join(_explain(item, known, path) for item in error.errors())) from error


def _explain(item: object, known: set[str], path: Path) -> str:
    details = dict(item) if isinstance(item, dict) else {}
    key = str((details.get("loc") or ("?",))[0]).upper()
    key = key if key.startswith(PREFIX) else f"{PREFIX}{key}"
    if details.get("type") == "extra_forbidden":
        return _unknown(key, known, str(path))
    return f"{key}: {details.get('msg')}. Mend it in {path} or in the environment, then run: revmark check"


def _unknown(key: str, known: set[str], where: str) -> str:
    # without the prefix, which would make every two settings look alike
    near = difflib.get_close_matches(key.removeprefix(PREFIX), [name.removeprefix(PREFIX) for name in known], n=1)
    hint = f"did you mean {PREFIX}{near[0]}?" if near else "see `revmark init` for all settings"
    return f"unknown setting {key} in {where}: {hint}"
