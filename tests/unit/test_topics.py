from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from datetime import timedelta

import pytest

from streams.topics import FOREVER, MAX_RECORD, Topics

TOPICS = list(Topics())


def test_names_are_unique_and_fit_for_kafka():
    names = [Topics().name(topic) for topic in TOPICS]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z0-9._-]{1,249}", name) for name in names)
    # Kafka's metrics cannot tell a dot from an underscore.
    assert len({name.replace("_", ".") for name in names}) == len(names)


def test_every_topic_says_what_it_holds_by_which_key():
    assert all(topic.key and topic.schema for topic in TOPICS)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_compacted_topic_never_forgets_and_a_deleted_one_says_when(topic):  # noqa: ANN001 - a topic
    config = topic.config()
    assert config["cleanup.policy"] == topic.cleanup
    assert config["max.message.bytes"] == str(MAX_RECORD)
    assert ("retention.ms" in config) == (topic.cleanup == "delete")
    assert all(isinstance(value, str) for value in config.values())


def test_what_tables_are_rebuilt_from_is_compacted():
    for topic in TOPICS:
        if topic.schema in {"state", "LedgerEntry", "Total", "Variance"}:
            assert topic.cleanup == "compact", topic.name


def test_the_public_topics_are_kept_for_ever():
    public = {topic.name: topic for topic in TOPICS if topic.public}
    assert set(public) == {"revenue", "totals", "variances"}
    assert public["revenue"].config()["retention.ms"] == "-1"
    assert all(topic.cleanup == "compact" or topic.retention == FOREVER for topic in public.values())


def test_a_finance_quarter_can_be_replayed():
    topics = Topics()
    for topic in (topics.changes, topics.facts, topics.occurrences, topics.documents):
        assert int(topic.config()["retention.ms"]) >= timedelta(days=92).total_seconds() * 1000
    assert topics.quarantine.config()["retention.ms"] == "-1"


def test_two_deployments_share_a_broker_under_two_prefixes():
    one, other = Topics(prefix="one."), Topics(prefix="other.")
    assert not {one.name(topic) for topic in one} & {other.name(topic) for topic in other}
    assert one.name(one.facts) == "one.facts"


def test_every_platform_has_its_lane():
    topics = Topics()
    assert topics.lane("hubspot") is topics.lanes_hubspot
    assert topics.lane("xero") is topics.lanes_xero
    with pytest.raises(KeyError):
        topics.lane("netsuite")


def test_topics_do_not_change_while_running():
    with pytest.raises(FrozenInstanceError):
        Topics().partitions = 8  # type: ignore[misc] - the very thing that must not pass


@pytest.mark.parametrize(("replication", "in_sync"), [(1, None), (2, None), (3, "2"), (5, "2")])
def test_where_three_brokers_keep_a_record_two_have_it_before_it_counts(replication: int, in_sync: str | None):
    for topic in TOPICS:
        assert topic.config(replication).get("min.insync.replicas") == in_sync
