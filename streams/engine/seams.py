"""Every place where the engine stands on what is not public in faust, mode and aiokafka.

Each is named with what is done to it and the fingerprint of its source, read from the versions below. When a library
moves, `tests/unit/engine/test_seams.py` names the seams that moved: read them again, adapt what stands on them, run
the recovery tests, and record the new fingerprint.
"""

import hashlib
import importlib
import inspect
from typing import Any, NamedTuple

__all__ = ["SEAMS", "VERSIONS", "Seam", "fingerprint", "source"]

VERSIONS = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}


class Seam(NamedTuple):
    """One function or class of a library."""

    module: str
    name: str
    fingerprint: str
    use: str


def source(seam: Seam) -> str:
    """Return the seam's source as it is installed; of what has none, being C, its signature."""
    found: Any = importlib.import_module(seam.module)
    for part in seam.name.split("."):
        found = inspect.getattr_static(found, part)
    if isinstance(found, property):
        found = found.fget
    found = inspect.unwrap(getattr(found, "fun", found))  # mode wraps its tasks
    try:
        return inspect.getsource(found)
    except TypeError:
        return str(inspect.signature(found))


def fingerprint(seam: Seam) -> str:
    """Return what the seam's source comes to; a signature stands for itself."""
    text = source(seam)
    return text if text.startswith("(") else hashlib.sha256(text.encode()).hexdigest()[:12]


SEAMS = (
    Seam(
        "faust.transport.consumer",
        "Consumer._drain_messages",
        "44a2500309e8",
        "replaced: reads batches and makes seeks between two fetches",
    ),
    Seam("faust.transport.consumer", "Consumer.perform_seek", "0e8c130ff4b0", "replaced: only plans the seek"),
    Seam("faust.transport.consumer", "Consumer.on_partitions_revoked", "d04b7ae72c6f", "extended: ends the epoch"),
    Seam(
        "faust.transport.consumer",
        "Consumer.on_partitions_assigned",
        "29ce96596f05",
        "extended: begins an epoch, plans the seeks",
    ),
    Seam(
        "faust.transport.consumer",
        "Consumer._get_active_partitions",
        "b24897f3c7af",
        "called: which partitions to fetch from",
    ),
    Seam("faust.transport.consumer", "Consumer._commit_tps", "a20e230b05ae", "its calls of the next two are relied on"),
    Seam(
        "faust.transport.consumer",
        "Consumer._filter_committable_offsets",
        "dc5e9baf5d99",
        "extended: offsets of batches",
    ),
    Seam(
        "faust.transport.consumer",
        "Consumer._commit_offsets",
        "1a6979904118",
        "replaced: fenced by epoch and generation",
    ),
    Seam("faust.transport.consumer", "Consumer._add_gap", "4df2573ded7c", "called: for ordinary agents, as Faust does"),
    Seam("faust.transport.consumer", "Consumer.on_stop", "45b1d2210ce2", "relied on: commits when the worker stops"),
    Seam("faust.transport.consumer", "Fetcher._fetcher", "68f894f0b577", "relied on: runs the reading, and ends it"),
    Seam("faust.transport.consumer", "ThreadDelegateConsumer._getmany", "f9d47aa9010b", "called: one fetch"),
    Seam(
        "faust.transport.conductor",
        "Conductor._update_tp_index",
        "e8e3ac9025ef",
        "read: which channels a partition has",
    ),
    Seam(
        "faust.transport.drivers.aiokafka",
        "ConsumerRebalanceListener",
        "f3d04f29dfb3",
        "relied on: order of the rebalance callbacks",
    ),
    Seam(
        "faust.transport.drivers.aiokafka",
        "AIOKafkaConsumerThread._create_worker_consumer",
        "c2701bfc3e6f",
        "extended: the fetch wait, which it fixes at 1500 ms",
    ),
    Seam(
        "faust.transport.drivers.aiokafka",
        "AIOKafkaConsumerThread.on_start",
        "38b4e8bd1e10",
        "extended: notes heartbeats",
    ),
    Seam(
        "faust.transport.drivers.aiokafka",
        "Producer._ensure_producer",
        "5592a4bbdf25",
        "called: the client that writes batches",
    ),
    Seam("faust.tables.manager", "TableManager.on_start", "365dd25fbc0e", "replaced: without its wait of a second"),
    Seam(
        "faust.tables.manager",
        "TableManager.recovery",
        "f0bf5de78b4c",
        "replaced: our recovery; metrics look behind it",
    ),
    Seam("faust.tables.manager", "TableManager._update_channels", "88e3941facc9", "called by the above"),
    Seam("faust.tables.recovery", "Recovery._restart_recovery", "6bd8a8558a2d", "relied on: the order of recovery"),
    Seam("faust.tables.recovery", "Recovery._seek_offsets", "19598ca63d94", "replaced: plans the seeks"),
    Seam(
        "faust.tables.recovery",
        "Recovery._slurp_changelogs",
        "7825c7e50f76",
        "relied on: stock tables, and the end of recovery",
    ),
    Seam("faust.tables.recovery", "Recovery._build_offsets", "27eec86be06c", "extended: asked again when it times out"),
    Seam("faust.tables.recovery", "Recovery._build_highwaters", "91b4cc0d3724", "extended: same"),
    Seam("faust.tables.recovery", "Recovery._publish_stats", "48939a846a9a", "replaced: progress and the watchdog"),
    Seam("faust.tables.recovery", "Recovery._wait", "ec7429b70176", "extended: without its time limits"),
    Seam("faust.tables.recovery", "Recovery._set_recovery_started", "bcfebf81ae13", "extended: progress begins"),
    Seam("faust.tables.recovery", "Recovery._set_recovery_ended", "84badf3f2cfe", "extended: progress ends"),
    Seam(
        "faust.tables.recovery", "Recovery.on_recovery_completed", "6ef567acf072", "relied on: when sources are resumed"
    ),
    Seam("faust.tables.recovery", "Recovery._resume_streams", "d986a6710c1a", "relied on: same, without tables"),
    Seam("faust.tables.recovery", "Recovery.on_rebalance", "aa4d997a1795", "extended: no ends of before"),
    Seam("faust.tables.recovery", "Recovery.need_recovery", "fd1dc345b5d5", "extended: not without the ends"),
    Seam(
        "faust.tables.recovery", "Recovery.standby_remaining", "84c234ffb1bf", "replaced: fails where nothing is known"
    ),
    Seam(
        "faust.tables.recovery",
        "Recovery.signal_recovery_end",
        "e35b4caa0b91",
        "replaced: what it waits for cannot be cleared by the task of stock tables",
    ),
    Seam("faust.tables.recovery", "Recovery._add", "1584a197b11b", "extended: offsets of this assignment"),
    Seam("faust.transport.drivers.aiokafka", "Consumer._new_consumer_thread", "0870ec53dea7", "replaced: our thread"),
    Seam("faust.tables.base", "Collection", "023b0076de60", "subclassed: what a table must answer"),
    Seam("faust.app.base", "App._on_partitions_revoked", "d5c895bbe57d", "relied on: when batches are drained"),
    Seam("faust.app.base", "App._stop_consumer", "55854a5de12c", "relied on: same, at the stop"),
    Seam("faust.app.base", "App._consumer_wait_empty", "6bc313c48c06", "replaced: drains open batches"),
    Seam("faust.app.base", "App._producer_flush", "35c92baa028d", "replaced: ends with the drain"),
    Seam("faust.app.base", "App._on_agent_error", "bdd12f286de6", "replaced: ends the process"),
    Seam("faust.app.base", "App._create_directories", "a9f571c3b04a", "replaced: makes none"),
    Seam("faust.app.base", "App._new_transport", "42db531312dd", "replaced: our consumer"),
    Seam("faust.app.base", "App._new_producer_transport", "eb3b4aa6a896", "replaced: our producer"),
    Seam("faust.agents.agent", "Agent._execute_actor", "c750b828d2bd", "relied on: the error callback comes first"),
    Seam(
        "mode.supervisors", "CrashingSupervisor", "37e805f0af21", "relied on: an agent that failed is not started again"
    ),
    Seam("mode.services", "Service.crash", "14980000465d", "extended: what ends the worker is said first"),
    Seam(
        "mode.services",
        "Service._crash",
        "7bc0c709a151",
        "extended: same, over a part of the app; it reaches the worker",
    ),
    Seam("mode.threads", "MethodQueue.call", "57bd4157ba4e", "relied on: calls into the consumer thread"),
    Seam(
        "aiokafka.consumer.fetcher",
        "Fetcher.fetched_records",
        "be4348896b9b",
        "relied on: records stay in order and behind seeks",
    ),
    Seam("aiokafka.consumer.fetcher", "Fetcher.seek_to", "f0ba6aba6c22", "relied on: it drops what was fetched"),
    Seam(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator._do_heartbeat",
        "dc1d6632aaa6",
        "wrapped: renews the lease",
    ),
    Seam(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator.reset_generation",
        "537aa37c531b",
        "read: the generation, which fences commits",
    ),
    Seam(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator._push_error_to_user",
        "743ff515bd7e",
        "wrapped: a refusal ends the worker",
    ),
    Seam(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator._coordination_routine",
        "75273e127d4a",
        "watched: its failure does as well",
    ),
    Seam(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator._send_req",
        "fa4b12e914ce",
        "wrapped: a static member that was replaced ends",
    ),
    Seam(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator.request_rejoin",
        "f70a261c91c3",
        "called: tables recover after a lost lease",
    ),
    Seam(
        "aiokafka.consumer.group_coordinator",
        "CoordinatorGroupRebalance._send_sync_group_request",
        "7429ca078ddf",
        "relied on: its request, through `_send_req`, begins the lease of an assignment",
    ),
    Seam(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator._maybe_leave_group",
        "016cd88a16e6",
        "relied on: static members stay when they stop",
    ),
    Seam(
        "aiokafka.consumer.group_coordinator",
        "CoordinatorGroupRebalance.perform_group_join",
        "ff2c2109b2e9",
        "relied on: which errors reach the above",
    ),
    Seam("aiokafka.protocol.api", "Request", "1dc66f0574be", "subclassed: asks for the ids of topics"),
    Seam("aiokafka.client", "AIOKafkaClient.send", "246b277687d7", "called: same"),
    Seam(
        "aiokafka.producer.producer",
        "AIOKafkaProducer.send_batch",
        "bf42b0f0c5c0",
        "relied on: order within a partition",
    ),
    Seam("aiokafka.producer.message_accumulator", "MessageAccumulator.add_batch", "5ed1c5b1367a", "relied on: same"),
    Seam(
        "aiokafka.producer.sender",
        "Sender._sender_routine",
        "2380dc5e333d",
        "relied on: it asks its set of brokers in flight, which is ours, and keeps a partition out that is in flight",
    ),
    Seam(
        "aiokafka.producer.message_accumulator",
        "MessageAccumulator.drain_by_nodes",
        "fc995afbfc57",
        "relied on: leaves out the brokers and partitions it is told to",
    ),
    Seam(
        "aiokafka.producer.sender",
        "Sender._send_produce_req",
        "aea01ae4b6c7",
        "replaced: the same, with each batch checked before the wire",
    ),
    Seam("aiokafka.producer.sender", "SendProduceReqHandler.do", "2dccd3d56b16", "called by the above"),
    Seam(
        "aiokafka.producer.message_accumulator",
        "MessageBatch",
        "36a7b1dac89d",
        "relied on: it keeps the builder, which carries the check; `failure` takes it out of the queue",
    ),
    Seam(
        "aiokafka.producer.message_accumulator",
        "BatchBuilder.append",
        "657d76f55157",
        "gone past: its builder is appended to, with its count of records set; the first record always has room",
    ),
    Seam(
        "aiokafka.consumer.fetcher",
        "PartitionRecords._unpack_records",
        "b803e6d46480",
        "replaced where batches are read: see fetched.py",
    ),
    Seam("aiokafka.consumer.fetcher", "FetchResult.getall", "3e717e30de50", "same"),
    Seam(
        "aiokafka.consumer.fetcher",
        "FetchResult.check_assignment",
        "b5340df67e3f",
        "called: whether a fetch is still of the position",
    ),
    Seam(
        "faust.transport.drivers.aiokafka",
        "AIOKafkaConsumerThread._fetch_records",
        "39a2c6c79fc1",
        "replaced: takes what is there of batches first, and nothing for whoever is gone",
    ),
    Seam(
        "aiokafka.record.default_records",
        "DefaultRecordBatchBuilder.append",
        "(self, offset, timestamp, key, value, headers)",
        "called: None when there is no room. It is C: only its signature is watched",
    ),
    Seam(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator.__init__",
        "9e729f077efc",
        "read: `_coordination_task`, whose end is noted, and `_closing`, which is waited for",
    ),
    Seam(
        "aiokafka.consumer.group_coordinator", "GroupCoordinator.close", "f30d83108945", "relied on: it sets `_closing`"
    ),
    Seam(
        "aiokafka.consumer.consumer",
        "AIOKafkaConsumer.start",
        "2f1ba7044332",
        "relied on: `_fetch_max_wait_ms` as it is set by then goes into fetches",
    ),
    Seam(
        "aiokafka.consumer.fetcher", "Fetcher._create_fetch_waiter", "61d840568746", "called: waits for the next fetch"
    ),
    Seam(
        "aiokafka.consumer.fetcher",
        "Fetcher.close",
        "1cd24bc1c442",
        "relied on: may end as if its caller were cancelled",
    ),
    Seam("aiokafka.consumer.consumer", "AIOKafkaConsumer.stop", "bc5da9c98595", "relied on: closes its client last"),
    Seam(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator.commit_offsets",
        "5cbe31af28d6",
        "relied on: can be cancelled; without the coordinator it never ends",
    ),
    Seam(
        "aiokafka.consumer.group_coordinator",
        "GroupCoordinator._do_commit_offsets",
        "c3a3ea5613f3",
        "wrapped: its failure is heard when nobody waits for it any more",
    ),
    Seam(
        "faust.transport.drivers.aiokafka",
        "AIOKafkaConsumerThread._seek_wait",
        "9d221e816d94",
        "extended: ends the fetches that wait",
    ),
    Seam(
        "faust.transport.drivers.aiokafka",
        "AIOKafkaConsumerThread.on_thread_stop",
        "8dfc004e258b",
        "extended: ends also when a fetch was waiting to be tried again",
    ),
)
