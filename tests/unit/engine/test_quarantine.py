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
