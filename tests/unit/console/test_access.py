"""Who may see and do what: what settings, claims and tokens come to."""

from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from console.access import people, tokens
from console.access.places import reach
from console.access.reception import _within
from schemas.errors import Refused, SettingsError
from streams.checkup.edges import is_loopback
from streams.platforms.door import secure
from streams.settings import Settings
from tests.support.openid import confused

SIGN_IN = {
    "page_url": "https://revmark.example",
    "page_oidc_issuer": "https://id.example",
    "page_oidc_client_id": "revmark",
    "page_oidc_client_secret": "secret",
    "page_operators": "kim@example.com",
    "secret_key": "a" * 43 + "=",
}


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_sign_in(host: str):
    assert is_loopback(host)
    assert not reach(settings(page_host=host)).signs_in


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "revmark.example"])  # noqa: S104 - not bound
def test_elsewhere_it_does_not_start_without_a_provider(host: str):
    assert not is_loopback(host)
    with pytest.raises(SettingsError, match=r"nobody would have to sign in. Nothing was started. Next: revmark page"):
        reach(settings(page_host=host))
    assert reach(settings(page_host=host, **SIGN_IN)).signs_in


def test_a_container_says_where_it_is_published():
    inside = reach(settings(page_host="0.0.0.0", page_published="127.0.0.1:8090"))  # noqa: S104 - not bound
    assert (inside.signs_in, inside.published) == (False, True)
    assert not {"evil.example", "0.0.0.0"} & inside.names  # noqa: S104 - as above
    with pytest.raises(SettingsError, match=r"reach the page at 0.0.0.0:8090"):
        reach(settings(page_host="0.0.0.0", page_published="0.0.0.0:8090"))  # noqa: S104 - as above


@pytest.mark.parametrize("name", ["page_url", "page_oidc_client_id", "page_oidc_client_secret", "page_operators"])
def test_what_is_missing_of_a_sign_in_is_named(name: str):
    with pytest.raises(SettingsError, match=f"REVMARK_{name.upper()}"):
        reach(settings(**{**SIGN_IN, name: ""}))


@pytest.mark.parametrize(
    "url", ["http://revmark.example", "ftp://revmark.example", "https://revmark.example/below", "x"]
)
def test_people_sign_in_over_tls_alone(url: str):
    with pytest.raises(SettingsError, match="REVMARK_PAGE_URL"):
        reach(settings(**{**SIGN_IN, "page_url": url}))
    with pytest.raises(SettingsError, match="REVMARK_PAGE_OIDC_ISSUER is http"):
        reach(settings(**{**SIGN_IN, "page_oidc_issuer": "http://id.example"}))
    assert secure("http://127.0.0.1:5")


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ({"email": "KIM@example.com", "email_verified": True}, "operator"),
        ({"email": "kim@example.com", "email_verified": False}, None),
        ({"email": "kim@example.com", "email_verified": "true"}, None),
        ({"email": "kim@example.com"}, None),
        ({"email": "eve@example.com", "email_verified": True}, None),
        ({"groups": ["staff", "finance"]}, "operator"),
        ({"groups": "finance"}, "operator"),
        ({"groups": ["finance-guests"]}, None),
        ({"hd": "example.com"}, "viewer"),
        ({"email=kim@example.com": True}, None),
        ({}, None),
    ],
)
def test_a_role_comes_from_what_the_provider_vouches_for(claims: dict[str, Any], found: str | None):
    given = settings(page_operators="kim@example.com, groups=finance", page_viewers="hd=example.com")
    assert people.role(given, people.marks(given, claims)) == found


def test_a_role_that_the_settings_take_back_is_gone():
    met = people.marks(settings(page_operators="groups=finance"), {"groups": ["finance"]})
    assert people.role(settings(page_viewers="groups=finance"), met) == "viewer"
    assert people.role(settings(page_viewers="hd=example.com"), met) is None


def test_words_are_kept_under_a_name_that_is_vouched_for():
    assert people.called({"sub": "1", "email": "kim@example.com", "email_verified": True}) == "kim@example.com"
    assert people.called({"sub": "1", "email": "kim@example.com", "preferred_username": "kim"}) == "kim"
    assert people.called({"sub": "1"}) == "1"


@pytest.mark.parametrize(
    "asked",
    ["//evil.example", "/\\evil.example", "https://evil.example", "\\/evil.example", "", "/a\nSet-Cookie:x", "/\u2215"],
)
def test_a_sign_in_leads_nowhere_else(asked: str):
    assert _within(asked) == "/"
    assert _within("/record?record=INV-1") == "/record?record=INV-1"


NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = RSAKey.generate_key(2048, {"kid": "one"})
RIGHT = {
    "iss": "https://id.example", "aud": "revmark", "sub": "kim-1", "nonce": "n",
    "iat": NOW.timestamp() - 5, "exp": NOW.timestamp() + 300,
}  # fmt: skip


def read(token: str) -> dict[str, Any]:
    keys = tokens.key_set({"keys": [{"kty": "unheard of"}, KEY.as_dict(private=False)]})
    return tokens.claims(token, keys, issuer="https://id.example", client="revmark", nonce="n", now=NOW)


def made(**claims: Any) -> str:
    given = {name: value for name, value in (RIGHT | claims).items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "one"}, given, KEY)


def test_a_token_that_is_right_is_believed():
    assert read(made())["sub"] == "kim-1"
    assert read(made(aud=["revmark", "other"], azp="revmark"))["sub"] == "kim-1"


@pytest.mark.parametrize(
    "claims",
    [
        *({name: None} for name in RIGHT),
        {"iss": "https://id.example/"}, {"iss": "https://evil.example"}, {"iss": ["https://id.example"]},
        {"aud": "other"}, {"aud": []}, {"aud": ["other"]}, {"aud": ["revmark", "other"]}, {"aud": {"revmark": 1}},
        {"aud": "other", "azp": "revmark"}, {"azp": "other"},
        {"nonce": "m"}, {"nonce": ""}, {"sub": ""}, {"sub": 7},
        {"exp": NOW.timestamp() - 61}, {"exp": "later"}, {"exp": True},
        {"iat": NOW.timestamp() + 90}, {"nbf": NOW.timestamp() + 90},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_is_wrong_in_one_thing_is_refused(claims: dict[str, Any]):
    with pytest.raises(Refused):
        read(made(**claims))


def test_a_token_that_nobody_of_the_provider_signed_is_refused():
    bare = made().rpartition(".")[0]
    for token in (
        confused(RIGHT, KEY),
        jwt.encode({"alg": "RS256", "kid": "one"}, RIGHT, RSAKey.generate_key(2048)),
        f"{bare}.",
        "eyJhbGciOiJub25lIn0" + made()[made().index(".") :].rpartition(".")[0] + ".",
        made()[:-6] + "AAAAAA",
        "", "a.b.c", "x" * 200_000,
    ):  # fmt: skip
        with pytest.raises(Refused):
            read(token)


def test_keys_that_cannot_be_read_are_none():
    for document in (None, {}, {"keys": []}, {"keys": [{"kty": "unheard of"}]}, {"keys": "x"}):
        with pytest.raises(Refused, match="no keys"):
            tokens.key_set(document)
    assert isinstance(tokens.key_set({"keys": [KEY.as_dict(private=False)]}), KeySet)
    assert tokens.key_id(made()) == "one"
    assert tokens.key_id("none of it") == ""
