import base64

import orjson
from faust.types import TP

from streams.engine.quarantine import quarantined
from streams.engine.record import Record

PLACE = TP("facts", 3)


def test_raw_bytes_place_and_reason_are_kept():
    record = Record(None, b"\xff\x00", 12, 1700000000000, [("who", b"me")])
    kept = orjson.loads(quarantined(PLACE, record, "not JSON", limit=1000))
    assert kept == {
        "topic": "facts", "partition": 3, "offset": 12, "timestamp": 1700000000000, "reason": "not JSON",
        "key": None, "value": base64.b64encode(b"\xff\x00").decode(),
        "headers": [["who", base64.b64encode(b"me").decode()]], "complete": True,
    }  # fmt: skip


def test_a_record_too_large_for_a_record_is_kept_by_its_place():
    kept = orjson.loads(quarantined(PLACE, Record(b"k", b"v" * 1000, 1, 0), "large", limit=600))
    assert (kept["complete"], kept["value"], kept["offset"]) == (False, None, 1)


def test_a_large_key_or_reason_gives_way_to_the_place():
    """One that stayed too large would be refused by the broker at each start again."""
    for record, reason in ((Record(b"k" * 1000, b"v", 1, 0), "large"), (Record(b"k", b"v", 1, 0), "bad " * 1000)):
        raw = quarantined(PLACE, record, reason, limit=1400)
        kept = orjson.loads(raw)
        assert len(raw) <= 1400
        assert (kept["offset"], kept["key"], kept["complete"]) == (1, None, False)
        assert kept["reason"] == reason[:1000]
