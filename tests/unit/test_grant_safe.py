"""The safe in which a lane keeps its grant, while the key that seals it is changed."""

import pytest

from schemas.errors import SettingsError
from streams.platforms.registry import GrantSafe
from streams.vault import Vault
from tests.support.desk import Desk

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
KEY = "main.hubspot|grant"


def safe(desk: Desk, *keys: bytes) -> GrantSafe:
    return GrantSafe(Vault(keys), "main", "hubspot", "main.hubspot", lambda: desk)


async def test_a_grant_that_nobody_renews_is_sealed_anew_and_the_old_key_can_go():
    desk = Desk()
    await safe(desk, OLD).save("grant")
    assert await safe(desk, OLD, NEW).load() == "grant"  # every worker knows the new key before one seals with it
    assert desk.writes == 1
    assert await safe(desk, NEW, OLD).load() == "grant"
    assert desk.writes == 2
    assert await safe(desk, NEW, OLD).load() == "grant"
    assert desk.writes == 2
    assert await safe(desk, NEW).load() == "grant"


async def test_a_key_that_went_too_soon_is_named_and_nothing_is_lost():
    desk = Desk()
    await safe(desk, OLD).save("grant")
    before = dict(desk.cursors.rows)
    with pytest.raises(SettingsError, match="put that key back"):
        await safe(desk, NEW).load()
    assert desk.cursors.rows == before
    assert await safe(desk, NEW, OLD).load() == "grant"


async def test_where_nothing_is_kept_nothing_is_sealed():
    desk = Desk()
    assert await safe(desk, NEW, OLD).load() is None
    assert (desk.writes, desk.cursors.rows) == (0, {})
