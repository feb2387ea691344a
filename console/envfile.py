"""The settings file: written once with comments by `revmark init`, and one value replaced when a grant was renewed.

Invariants: the commented file is made from the fields of `Settings`, so it cannot drift from them; it is readable by
its owner alone; a replacement is whole or not at all.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from streams.settings import ENV_FILE, PREFIX, Settings
from streams.vault import KEY_BYTES

_SECTIONS = {
    "hubspot_": "HubSpot. A private app's token is enough; the OAuth fields are for an app of yours.",
    "xero_": "Xero. Make an app at developer.xero.com; the organisation's id is in `revmark check`'s answer.",
    "assistant_": "An AI assistant, whose answers `revmark facts check --ask` compares with the fact sheets.",
    "gateway_": "The gateway, which platforms call, the page for people, and the metrics of workers for Prometheus.",
}
_DEPLOYMENT = "The deployment. Lines with a # show the value that holds without them."


def path_of(env_file: Path | None) -> Path:
    """The settings file in use."""
    return env_file or Path(os.environ.get("REVMARK_ENV_FILE", ENV_FILE))


def commented(key: bytes | None = None) -> str:
    """The settings file with every field, its meaning and its default; `key` seals grants and is drawn if not given."""
    drawn = base64.b64encode(key or secrets.token_bytes(KEY_BYTES)).decode()
    lines = [
        "# Settings of Revmark: addresses, credentials, intervals. What the business decides is in contract.yaml.",
        "# The environment wins over this file. Keep this file to yourself: it holds credentials.",
        "# When it is filled in, run: revmark check",
    ]
    section = ""
    for name, field in Settings.model_fields.items():
        title = next((text for prefix, text in _SECTIONS.items() if name.startswith(prefix)), section or _DEPLOYMENT)
        if title != section:
            lines += ["", f"# ---- {title}"]
            section = title
        if field.description:
            lines.append(f"# {field.description}")
        lines.append(_line(name, field, drawn))
    return "\n".join(lines) + "\n"


def _line(name: str, field: FieldInfo, drawn: str) -> str:
    variable = f"{PREFIX}{name.upper()}"
    if name == "secret_key":
        return f"{variable}={drawn}"
    default = field.default
    if default is PydanticUndefined or (isinstance(default, SecretStr) and not default.get_secret_value()):
        return f"{variable}="
    if default == "":
        return f"{variable}="
    return f"#{variable}=" if default is None else f"#{variable}={default}"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def holds(path: Path, field: str, value: str) -> bool:
    """Whether the file, and not the environment, gives this field this value."""
    variable = f"{PREFIX}{field.upper()}"
    if variable in os.environ or not value or not path.is_file():
        return False
    return any(_assigns(line, variable, value) for line in path.read_text(encoding="utf-8").splitlines())


def replace(path: Path, field: str, old: str, new: str) -> None:
    """Put a new value in the place of the old one."""
    variable = f"{PREFIX}{field.upper()}"
    lines = path.read_text(encoding="utf-8").splitlines()
    changed = [f"{variable}={new}" if _assigns(line, variable, old) else line for line in lines]
    write_private(path.resolve(), "\n".join(changed) + "\n")


def put(path: Path, field: str, value: str) -> None:
    """Give a field this value: in the place of what it has, also where that is commented out, else at the end."""
    variable = f"{PREFIX}{field.upper()}"
    lines = path.read_text(encoding="utf-8").splitlines()
    places = [number for number, line in enumerate(lines) if _names(line, variable)]
    live = [number for number in places if not lines[number].lstrip().startswith("#")]
    made = f"{variable}={value}"
    if live or places:
        lines[(live or places)[-1]] = made  # the last one counts
    else:
        lines.append(made)
    write_private(path.resolve(), "\n".join(lines) + "\n")


def _names(line: str, variable: str) -> bool:
    name, found, _ = line.strip().removeprefix("#").strip().removeprefix("export ").partition("=")
    return bool(found) and name.strip().upper() == variable


def _assigns(line: str, variable: str, value: str) -> bool:
    name, found, rest = line.strip().removeprefix("export ").partition("=")
    return bool(found) and name.strip().upper() == variable and rest.strip().strip("'\"") == value
