from __future__ import annotations

import os
from pathlib import Path

import pytest

from schemas.errors import SettingsError
from streams.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of the machine that runs the tests."""
    for name in list(os.environ):
        if name.upper().startswith("REVMARK_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def env_file(text: str) -> Path:
    """A settings file in the working folder."""
    path = Path("revmark.env")
    path.write_text(text, encoding="utf-8")
    return path


def test_without_any_setting_the_defaults_stand():
    settings = load_settings()
    assert (settings.broker, settings.partitions, settings.tenant) == ("127.0.0.1:9092", 4, "main")
    assert settings.connection("xero") == "main.xero"
    assert settings.worker_folder == Path(".revmark/workers/worker")


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch):
    env_file("REVMARK_BROKER=file:1\nREVMARK_PARTITIONS=8\n# a comment\n\nREVMARK_XERO_TENANT='t'\n")
    monkeypatch.setenv("REVMARK_BROKER", "env:2")
    settings = load_settings()
    assert (settings.broker, settings.partitions, settings.xero_tenant) == ("env:2", 8, "t")


def test_metrics_are_served_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch):
    assert load_settings().metrics_port is None  # several workers of one machine must not collide
    for given, meant in (("", None), ("0", 0), ("9464", 9464)):
        monkeypatch.setenv("REVMARK_METRICS_PORT", given)
        assert load_settings().metrics_port == meant


def test_another_file_may_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "other.env").write_text("REVMARK_TENANT=other\n", encoding="utf-8")
    monkeypatch.setenv("REVMARK_ENV_FILE", str(tmp_path / "other.env"))
    assert load_settings().tenant == "other"


def test_a_file_that_is_named_and_not_there_is_an_error(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"no settings file .*none\.env"):
        load_settings(tmp_path / "none.env")


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("REVMARK_BROKR", "REVMARK_BROKER"),
        ("REVMARK_XERO_TENENT", "REVMARK_XERO_TENANT"),
        ("REVMARK_QQQ", "revmark init"),
    ],
)
def test_an_unknown_key_is_refused_with_a_suggestion(monkeypatch: pytest.MonkeyPatch, key: str, near: str):
    path = env_file(f"{key}=1\n")
    with pytest.raises(SettingsError, match=f"unknown setting {key} in {path}.*{near}"):
        load_settings()
    path.unlink()
    monkeypatch.setenv(key, "1")
    with pytest.raises(SettingsError, match=f"unknown setting {key} in the environment.*{near}"):
        load_settings()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("REVMARK_PARTITIONS", "0"), ("REVMARK_PARTITIONS", "many"), ("REVMARK_TENANT", "Ac me"),
        ("REVMARK_POLL_EVERY", "0"), ("REVMARK_SESSION_TIMEOUT", "5"), ("REVMARK_GATEWAY_PORT", "x"),
        ("REVMARK_METRICS_PORT", "65536"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, key: str, value: str):
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError, match=f"{key}: .*revmark check"):
        load_settings()


def test_every_fault_is_named_at_once():
    env_file("REVMARK_PARTITIONS=0\nREVMARK_TENANT=A B\n")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "REVMARK_PARTITIONS" in caught.value.message
    assert "REVMARK_TENANT" in caught.value.message


def test_secrets_do_not_show_in_what_is_printed_or_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REVMARK_HUBSPOT_TOKEN", "pat-sentinel")
    assert "sentinel" not in repr(load_settings())
    monkeypatch.setenv("REVMARK_PARTITIONS", "sentinel")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "sentinel" not in caught.value.message


def test_every_secret_is_kept_as_one():
    for name, field in Settings.model_fields.items():
        secret = name.endswith(("_token", "_secret", "_key", "_password"))
        assert ("SecretStr" in str(field.annotation)) == secret, name


def test_variables_that_steer_tests_are_let_pass(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REVMARK_TEST_BROKER", "docker")
    assert load_settings().broker == "127.0.0.1:9092"
