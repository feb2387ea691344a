"""What workers and the gateway tell Prometheus while a fault lasts and after it, a sample a minute.

Values are Prometheus' own notation: `1x9` is ten ones, `0+5x9` rises by five. `fired` and `cleared` are the minutes at
which the alert stands and is over.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One alert's story."""

    series: dict[str, str]
    fired: int
    cleared: int


_WRITES = 'revmark_platform_calls_total{connection="main.xero",call="%s",answer="%s"}'
_REFUSED = 'revmark_webhook_requests_total{platform="hubspot",result="%s"}'

FAULTS = {
    "RevmarkProcessDown": Fault({'up{job="revmark-worker",instance="worker-1:9464"}': "1x4 0x9 1x19"}, 10, 20),
    "RevmarkWorkerNotReady": Fault({"engine_ready": "0x19 1x19"}, 15, 25),
    "RevmarkRecoveryStuck": Fault(
        {"engine_recovering": "1x19 0x19", "engine_recovered_records_total": "1000x39"}, 18, 25
    ),
    "RevmarkLagGrows": Fault({'engine_lag_records{topic="facts",partition="0"}': "0+1000x49 0x49"}, 48, 60),
    "RevmarkCommitStuck": Fault({'engine_commit_age_seconds{topic="facts",partition="0"}': "0+60x19 0x19"}, 15, 25),
    "RevmarkGroupUnsettled": Fault({"engine_rebalances_total": "0+1x9 9x39"}, 10, 40),
    "RevmarkRecordsQuarantined": Fault({"engine_quarantined_records_total": "0x4 3x39"}, 6, 40),
    "RevmarkPlatformErrors": Fault(
        {_WRITES % ("write", "transient"): "0+5x39 195x39", _WRITES % ("write", "ok"): "0+10x79"}, 38, 70
    ),
    "RevmarkAnswersLost": Fault({_WRITES % ("write", "unknown"): "0x4 50x39"}, 6, 40),
    "RevmarkPollsStopped": Fault(
        {'revmark_lane_polled_age_seconds{connection="main.xero",kind="invoice"}': "0+60x49 0x9"}, 45, 55
    ),
    "RevmarkSweepsStopped": Fault(
        {'revmark_lane_swept_age_seconds{connection="main.xero",kind="invoice"}': "260000+60x89 0x9"}, 70, 95
    ),
    "RevmarkWebhooksRefused": Fault({_REFUSED % "refused_signature": "0x4 40x39"}, 6, 40),
    "RevmarkWebhooksTurnedAway": Fault({_REFUSED % "unavailable": "0+1x9 9x39"}, 12, 40),
}
