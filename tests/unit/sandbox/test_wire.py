from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sandbox.wire import Reply, decode, encode, epoch_ms, iso


def test_amounts_keep_their_digits() -> None:
    read = decode(b'{"a":12.50,"b":0.1,"c":100000000000000000000.01,"d":3}')
    assert read == {
        "a": Decimal("12.50"),
        "b": Decimal("0.1"),
        "c": Decimal("100000000000000000000.01"),
        "d": 3,
    }
    assert encode(read) == b'{"a":12.50,"b":0.1,"c":100000000000000000000.01,"d":3}'


def test_what_is_not_json_is_refused() -> None:
    for body in (b"", b"{", b"NaN", b'{"a":Infinity}', b"\xff"):
        with pytest.raises(ValueError):  # noqa: PT011 - any will do
            decode(body)
    with pytest.raises(TypeError):
        encode({"a": object()})


def test_instants() -> None:
    instant = datetime(2026, 9, 1, 10, 0, 0, 123_456, tzinfo=UTC)
    assert iso(instant) == "2026-09-01T10:00:00.123Z"
    assert epoch_ms(instant) == 1_788_256_800_123
    assert Reply({"at": {"b", "a"}}).body == b'{"at":["a","b"]}'
