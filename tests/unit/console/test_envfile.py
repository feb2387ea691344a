import base64
from pathlib import Path

import pytest

from console.envfile import commented, holds, put, replace
from streams.settings import PREFIX, Settings, load_settings
from streams.vault import Vault


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "revmark.env"
    path.write_text(commented())
    return path


def test_every_setting_is_there_once_with_its_description(written: Path):
    lines = written.read_text().splitlines()
    for name, field in Settings.model_fields.items():
        variable = f"{PREFIX}{name.upper()}="
        assert sum(line.removeprefix("#").startswith(variable) for line in lines) == 1, variable
        if field.description:
            assert f"# {field.description}" in lines


def test_the_file_loads_to_the_defaults_and_a_key_of_its_own(written: Path):
    found = load_settings(written)
    assert found.model_copy(update={"secret_key": Settings(_env_file=None).secret_key}) == Settings(_env_file=None)
    assert Vault.from_text(found.secret_key.get_secret_value())
    assert commented() != commented()


def test_the_commented_values_are_the_defaults(written: Path):
    text = written.read_text().replace("\n#REVMARK_", "\nREVMARK_")
    written.write_text(text)
    again = load_settings(written)
    assert again.model_dump(exclude={"secret_key"}) == Settings(_env_file=None).model_dump(exclude={"secret_key"})


def test_a_given_key_is_written():
    assert f"REVMARK_SECRET_KEY={base64.b64encode(b'k' * 32).decode()}\n" in commented(b"k" * 32)


@pytest.mark.parametrize("line", ["REVMARK_TENANT=a1", "export REVMARK_TENANT='a1'", ' revmark_tenant = "a1" '])
def test_a_value_is_found_and_replaced_and_nothing_else_changes(tmp_path: Path, line: str):
    path = tmp_path / "x.env"
    path.write_text(f"# a note\n{line}\nREVMARK_GROUP=a1\n")
    assert holds(path, "tenant", "a1")
    replace(path, "tenant", "a1", "b2")
    assert path.read_text() == "# a note\nREVMARK_TENANT=b2\nREVMARK_GROUP=a1\n"
    assert path.stat().st_mode & 0o077 == 0


def test_a_value_from_elsewhere_is_not_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "x.env"
    assert not holds(path, "tenant", "a1")
    path.write_text("REVMARK_TENANT=a1\n")
    assert not holds(path, "tenant", "")
    assert not holds(path, "tenant", "a2")
    monkeypatch.setenv("REVMARK_TENANT", "a1")
    assert not holds(path, "tenant", "a1")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("REVMARK_TENANT=old\nREVMARK_GROUP=g\n", "REVMARK_TENANT=new\nREVMARK_GROUP=g\n"),
        ("#REVMARK_TENANT=main\n", "REVMARK_TENANT=new\n"),
        ("#REVMARK_TENANT=main\nexport REVMARK_TENANT = old\n", "#REVMARK_TENANT=main\nREVMARK_TENANT=new\n"),
        ("REVMARK_TENANT=a\nREVMARK_TENANT=b\n", "REVMARK_TENANT=a\nREVMARK_TENANT=new\n"),
        ("REVMARK_TENANTS=a", "REVMARK_TENANTS=a\nREVMARK_TENANT=new\n"),
    ],
)
def test_a_value_is_put_where_it_counts(written: Path, before: str, after: str):
    written.write_text(before)
    put(written, "tenant", "new")
    assert written.read_text() == after
