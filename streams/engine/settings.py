"""The settings of Faust an engine app starts with, and those it refuses."""

from typing import Any
from urllib.parse import urlsplit

from streams.engine.errors import Misconfigured

__all__ = ["broker_urls", "checked", "defaults"]

SESSION_AT_LEAST = 6.0  # seconds: Kafka's group.min.session.timeout.ms; less is refused and Faust then hangs
SESSION = 10.0  # seconds after which a silent worker is replaced
BATCH_BYTES = 900_000  # of one produced record batch: below the broker's limit of 1 MB
FETCH_BYTES = 4 * 1024 * 1024  # per partition: about 20,000 records of 200 bytes


def broker_urls(broker: str) -> list[str]:
    """Return Faust's form of `host:port,host:port`, with or without `kafka://`."""
    parts = [part.strip() for part in broker.replace(";", ",").split(",") if part.strip()]
    if not parts:
        raise Misconfigured("The broker's address is empty; give host:port[,host:port].")
    return [part if "://" in part else f"kafka://{part}" for part in parts]


def broker_addresses(urls: list[str]) -> list[str]:
    """Return the addresses in Faust's broker URLs, as Kafka clients take them."""
    return [urlsplit(url).netloc.rpartition("@")[2] for url in urls]


def defaults(*, partitions: int, on_disk: bool, max_record: int) -> dict[str, Any]:
    """Return the settings to start from; each can be given differently."""
    return {
        "topic_partitions": partitions,
        "table_standby_replicas": 1 if on_disk else 0,  # in memory a standby costs as much as an owner
        "broker_session_timeout": SESSION,
        "broker_rebalance_timeout": 30.0,  # seconds all members get to rejoin; more only delays a stuck one
        "broker_commit_interval": 1.0,  # seconds: what a crash repeats at most, and nothing a broker notices
        "broker_request_timeout": 40.0,
        "consumer_auto_offset_reset": "earliest",  # a new group has everything to do, not nothing
        "consumer_max_fetch_size": max(FETCH_BYTES, max_record),
        "producer_acks": -1,  # all in-sync replicas
        "producer_linger": 0,  # batches are made here; waiting for more would only be latency
        "producer_max_batch_size": BATCH_BYTES,
        "producer_max_request_size": max(1_000_000, max_record),
        "producer_request_timeout": 60.0,  # seconds; Faust's 20 minutes would hide a broker that is gone
        "stream_wait_empty": False,  # the consumer drains open batches itself
        "topic_disable_leader": True,  # no leader topic, no leader timers
        "reply_create_topic": False,
        "web_enabled": False,  # people have their own page; metrics theirs
        "worker_redirect_stdouts": False,  # what is printed is meant to be printed
    }


def checked(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings, completed where one follows from another.

    Raises:
        Misconfigured: the broker would refuse them, and Faust would hang instead of saying so.
    """
    session = float(settings["broker_session_timeout"])
    if session < SESSION_AT_LEAST:
        raise Misconfigured(
            f"broker_session_timeout is {session:g} seconds; Kafka refuses less than {SESSION_AT_LEAST:g}. "
            "Nothing was started; raise it."
        )
    settings.setdefault("broker_heartbeat_interval", session / 3)
    settings["broker_request_timeout"] = max(settings["broker_request_timeout"], session)  # Faust refuses less
    settings["consumer_group_instance_id"] = settings.get("consumer_group_instance_id") or None  # "" would be a name
    if settings["producer_acks"] not in {-1, "all"}:
        raise Misconfigured(
            f"producer_acks is {settings['producer_acks']!r}; without all in-sync replicas (-1) what is acknowledged "
            "may be lost. Nothing was started; leave it out."
        )
    if settings.get("processing_guarantee", "at_least_once") != "at_least_once":
        raise Misconfigured("processing_guarantee is not supported: batches are at-least-once and idempotent.")
    return settings
