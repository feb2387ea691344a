from streams.engine import Record
from streams.engine.record import OBJECT, contents, weigh


def test_headers_count_as_what_a_record_brings():
    plain = Record(b"key", b"value", 0, 0)
    headed = Record(b"key", None, 1, 0, (("name", b"x" * 5000), ("empty", b"")))
    assert contents(plain) == 8
    assert contents(headed) == 3 + 4 + 5000 + 5
    assert weigh([plain, headed]) == (8 + 5012 + 2 * OBJECT, 5012)
