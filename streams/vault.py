"""The vault: grants sealed at rest with AES-256-GCM.

In: plain bytes and whose they are. Out: a sealed text that opens only with the key, the tenant, the platform and the
purpose it was sealed for. Invariants: each seal draws a fresh 96-bit nonce; the key's id and the owner are
authenticated, so a seal moved to another tenant, or altered by one bit, does not open.

Several keys may be held: the first seals, all open. To rotate: put the new key first, seal everything again, drop the
old one.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Sequence
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import Refused, SettingsError

KEY_BYTES = 32  # AES-256
NONCE_BYTES = 12  # 96 bits, the size GCM is specified for; at random, safe for 2**32 seals under one key
KEY_ID_BYTES = 4  # tells a deployment's few keys apart; it is no secret and protects nothing
FORMAT = "rv1"  # of the sealed text: "rv1.<key id>.<base64url of nonce and ciphertext>"


class Vault:
    """Seals and opens. It holds keys in memory only, and never shows them."""

    def __init__(self, keys: Sequence[bytes], *, randomness: Callable[[int], bytes] = os.urandom) -> None:
        """Take the keys, newest first.

        Raises:
            SettingsError: there is no key, or one is not 32 bytes.
        """
        if not keys:
            raise SettingsError("the vault has no key: run `revmark init`, or set REVMARK_SECRET_KEY")
        if any(len(key) != KEY_BYTES for key in keys):
            raise SettingsError(
                f"REVMARK_SECRET_KEY: each key is base64 of {KEY_BYTES} bytes; `revmark init` makes one"
            )
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._active = _key_id(keys[0])
        self._randomness = randomness

    @classmethod
    def from_text(cls, text: str, *, randomness: Callable[[int], bytes] = os.urandom) -> Vault:
        """Make a vault from the setting: base64 keys, separated by commas, newest first.

        Raises:
            SettingsError: as above, or the text is no base64.
        """
        try:
            keys = [base64.b64decode(part.strip(), validate=True) for part in text.split(",") if part.strip()]
        except binascii.Error as error:
            raise SettingsError("REVMARK_SECRET_KEY is no base64; `revmark init` makes a key") from error
        return cls(keys, randomness=randomness)

    @property
    def active_key(self) -> str:
        """The id of the key that seals."""
        return self._active

    def seal(self, plain: bytes, *, tenant: str, platform: str, purpose: str) -> str:
        """Seal `plain` for one tenant, platform and purpose."""
        nonce = self._randomness(NONCE_BYTES)
        if len(nonce) != NONCE_BYTES:
            raise ValueError(f"the source of randomness gave {len(nonce)} bytes instead of {NONCE_BYTES}")
        owner = _owner(self._active, tenant, platform, purpose)
        sealed = nonce + self._ciphers[self._active].encrypt(nonce, plain, owner)
        return f"{FORMAT}.{self._active}.{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, *, tenant: str, platform: str, purpose: str) -> bytes:
        """Open what was sealed for the same tenant, platform and purpose.

        Raises:
            SettingsError: it was sealed with a key that is not held.
            Refused: it is no seal, was altered, or was sealed for another owner.
        """
        key_id, body = _parts(sealed)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SettingsError(
                f"sealed with key {key_id}, which is not among those in REVMARK_SECRET_KEY "
                f"({', '.join(self._ciphers)}): put that key back, after the newest and a comma",
                code="unknown_key",
            )
        try:
            return cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], _owner(key_id, tenant, platform, purpose))
        except InvalidTag as error:
            raise Refused(
                f"the sealed {purpose} of {tenant} on {platform} does not open: it was altered, or sealed for another "
                "owner. Nothing was lost elsewhere; set a new refresh token and run `revmark check` to replace it",
                code="seal_broken",
            ) from error

    def stale(self, sealed: str) -> bool:
        """Whether a seal was made with an older key and should be made again.

        Raises:
            Refused: it is no seal.
        """
        return _parts(sealed)[0] != self._active


def _key_id(key: bytes) -> str:
    return blake2b(key, digest_size=KEY_ID_BYTES, person=b"revmark-key-id").hexdigest()


def _owner(*parts: str) -> bytes:
    """What is authenticated beside the ciphertext; lengths keep ("a", "bc") apart from ("ab", "c")."""
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in (FORMAT, *parts))


def _parts(sealed: str) -> tuple[str, bytes]:
    form, _, rest = sealed.partition(".")
    key_id, _, text = rest.partition(".")
    try:
        body = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("not a sealed text: its base64 is broken", code="seal_broken") from error
    if form != FORMAT or len(body) < NONCE_BYTES + 16:  # 16: the length of GCM's tag
        raise Refused(f"not a sealed text of the form {FORMAT}.<key>.<base64>", code="seal_broken")
    return key_id, body
