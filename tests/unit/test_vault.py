from __future__ import annotations

import base64
from itertools import count

import pytest

from schemas.errors import Refused, SettingsError
from streams.vault import Vault

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
OWNER = {"tenant": "acme", "platform": "xero", "purpose": "grant"}


def counted():
    numbers = count()
    return lambda size: next(numbers).to_bytes(size, "big")


def test_what_is_sealed_opens_for_its_owner():
    vault = Vault([NEW])
    assert vault.open(vault.seal(b"secret", **OWNER), **OWNER) == b"secret"


def test_the_sealed_text_does_not_show_the_secret():
    sealed = Vault([NEW]).seal(b"refresh-token-sentinel", **OWNER)
    assert b"sentinel" not in base64.urlsafe_b64decode(sealed.split(".")[2])


def test_every_bit_flip_is_refused():
    vault = Vault([NEW], randomness=counted())
    form, key, text = vault.seal(b"secret", **OWNER).split(".")
    body = base64.urlsafe_b64decode(text)
    for bit in range(len(body) * 8):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Refused) as error:
            vault.open(f"{form}.{key}.{base64.urlsafe_b64encode(flipped).decode()}", **OWNER)
        assert error.value.code == "seal_broken"


@pytest.mark.parametrize("part", sorted(OWNER))
def test_a_seal_does_not_open_for_another_owner(part: str):
    vault = Vault([NEW])
    sealed = vault.seal(b"secret", **OWNER)
    with pytest.raises(Refused, match="does not open"):
        vault.open(sealed, **{**OWNER, part: "other"})


def test_owners_whose_names_run_together_are_kept_apart():
    vault = Vault([NEW])
    sealed = vault.seal(b"secret", tenant="ab", platform="c", purpose="d")
    with pytest.raises(Refused):
        vault.open(sealed, tenant="a", platform="bc", purpose="d")


def test_rotation_old_seals_open_and_new_ones_use_the_new_key():
    before = Vault([OLD]).seal(b"secret", **OWNER)
    rotated = Vault([NEW, OLD])
    assert rotated.open(before, **OWNER) == b"secret"
    assert rotated.stale(before)
    after = rotated.seal(b"secret", **OWNER)
    assert not rotated.stale(after)
    assert Vault([NEW]).open(after, **OWNER) == b"secret"
    with pytest.raises(SettingsError, match="put that key back") as error:
        Vault([NEW]).open(before, **OWNER)
    assert error.value.code == "unknown_key"


def test_a_key_id_swapped_for_another_held_key_does_not_open():
    vault = Vault([NEW, OLD])
    form, _, text = vault.seal(b"secret", **OWNER).split(".")
    with pytest.raises(Refused):
        vault.open(f"{form}.{Vault([OLD]).active_key}.{text}", **OWNER)


def test_nonces_are_fresh():
    vault = Vault([NEW])
    nonces = {base64.urlsafe_b64decode(vault.seal(b"", **OWNER).split(".")[2])[:12] for _ in range(100_000)}
    assert len(nonces) == 100_000


def test_a_short_nonce_is_an_error_and_not_a_weak_seal():
    with pytest.raises(ValueError, match="3 bytes instead of 12"):
        Vault([NEW], randomness=lambda _: b"abc").seal(b"secret", **OWNER)


@pytest.mark.parametrize("text", ["", "rv1", "rv1.key", "rv1.key.!!", "rv1.key.AAAA", "rv0.key." + "A" * 64])
def test_what_is_no_seal_is_refused(text: str):
    with pytest.raises(Refused, match="not a sealed text"):
        Vault([NEW]).open(text, **OWNER)


@pytest.mark.parametrize(("text", "said"), [("", "no key"), ("!", "no base64"), ("QUJD", "base64 of 32 bytes")])
def test_unusable_keys_are_told(text: str, said: str):
    with pytest.raises(SettingsError, match=said):
        Vault.from_text(text)


def test_keys_from_the_setting_newest_first():
    text = f"{base64.b64encode(NEW).decode()}, {base64.b64encode(OLD).decode()}"
    vault = Vault.from_text(text)
    assert vault.active_key == Vault([NEW]).active_key
    assert vault.open(Vault([OLD]).seal(b"x", **OWNER), **OWNER) == b"x"
