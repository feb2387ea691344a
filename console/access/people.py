"""People: who asks, and what the settings let them do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from streams.settings import Settings

Role = Literal["viewer", "operator"]


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. `token` has to come with what changes something; `until` is when they sign in again, None: never."""

    who: str
    role: Role
    token: str = field(repr=False)
    until: datetime | None = None
    session: str = ""


def entries(text: str) -> list[str]:
    """The entries of a setting: e-mails and claim=value, with commas between."""
    return [part.strip() for part in text.split(",") if part.strip()]


def marks(settings: Settings, claims: Mapping[str, Any]) -> list[str]:
    """The entries of the settings that a provider's claims meet."""
    named = entries(settings.page_operators) + entries(settings.page_viewers)
    return [entry for entry in dict.fromkeys(named) if _met(entry, claims)]


def role(settings: Settings, met: Iterable[str]) -> Role | None:
    """What the settings of now let somebody do who met these entries when they signed in; None: nothing."""
    held = set(met)
    if held & set(entries(settings.page_operators)):
        return "operator"
    return "viewer" if held & set(entries(settings.page_viewers)) else None


def called(claims: Mapping[str, Any]) -> str:
    """What a person's words are kept under: the e-mail that the provider vouches for, else a name, else the subject."""
    email = _email(claims)
    return email or str(claims.get("preferred_username") or claims["sub"])


def _met(entry: str, claims: Mapping[str, Any]) -> bool:
    name, equals, value = entry.partition("=")
    if not equals or name == "email":
        return bool(found := _email(claims)) and found.casefold() == (value or name).casefold()
    held = claims.get(name)
    return value in [str(each) for each in held] if isinstance(held, list) else held is not None and str(held) == value


def _email(claims: Mapping[str, Any]) -> str:
    """An e-mail that the provider has not verified may be anybody's."""
    email = claims.get("email")
    return email if isinstance(email, str) and claims.get("email_verified") is True else ""
