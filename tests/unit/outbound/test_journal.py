"""Where files of HubSpot's journal are fetched: one host, which the settings name."""

import httpx
import pytest

from schemas.errors import SettingsError
from streams.platforms.hubspot.doors import HUBSPOT, files_door, journal_door
from streams.platforms.registry import hubspot_journal
from streams.settings import Settings

FILES = "https://journal.files.example.com"


def test_files_are_as_near_as_the_api_and_over_tls_where_that_is_hubspots():
    door = files_door(FILES, HUBSPOT)
    assert door.public
    assert door.refuses(httpx.URL(f"{FILES}/a/b.json?Signature=x")) is None
    assert door.refuses(httpx.URL("https://files.example.com/a")) == "another host"
    assert door.refuses(httpx.URL(f"{FILES}/a/%2e%2e/b")) == "its path climbs"
    assert door.shuns("127.0.0.1") is not None
    near = files_door("http://127.0.0.1:4010", "http://127.0.0.1:4010/hubspot")
    assert not near.public
    assert near.shuns("127.0.0.1") is None
    assert near.shuns("52.0.0.1") is not None
    with pytest.raises(SettingsError, match="over TLS"):
        files_door("http://journal.files.example.com", HUBSPOT)
    for url in ("https://[", "https://", "journal.files.example.com"):
        with pytest.raises(SettingsError):
            files_door(url, HUBSPOT)


def test_a_folder_in_the_address_holds_the_files_to_it():
    door = files_door(f"{FILES}/bucket", HUBSPOT)
    assert door.refuses(httpx.URL(f"{FILES}/bucket/b.json")) is None
    assert door.refuses(httpx.URL(f"{FILES}/other/b.json")) == "another path"


def test_the_journals_own_door_leads_to_no_record():
    door = journal_door(HUBSPOT)
    assert door.refuses(httpx.URL(f"{HUBSPOT}/webhooks-journal/journal/2026-09/latest")) is None
    assert door.refuses(httpx.URL(f"{HUBSPOT}/crm/objects/2026-09/companies")) == "another path"


def test_a_journal_without_the_apps_credentials_is_a_mistake_in_the_settings():
    with pytest.raises(SettingsError, match="REVMARK_HUBSPOT_CLIENT_SECRET"):
        hubspot_journal(Settings(hubspot_journal=FILES, hubspot_client_id="a"))
