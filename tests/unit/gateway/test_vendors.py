"""The pretend vendors sign, batch, probe and retry by their own reading of the same documents."""

import httpx
from pydantic import SecretStr

from sandbox.clock import VirtualClock
from sandbox.hubspot.app import create_app as create_hubspot
from sandbox.hubspot.portal import Portal
from sandbox.xero.app import create_app as create_xero
from sandbox.xero.organisation import Organisation
from streams.gateway.app import create_app
from streams.settings import Settings
from tests.unit.gateway.callers import URL, Log

BASE = "http://vendor.example"
A_DAY = 24 * 3600.0  # seconds, over which HubSpot spreads its retries


class Street:
    """Both pretend vendors, and the gateway they call."""

    def __init__(self, *, automatic: bool = True) -> None:
        self.clock = VirtualClock(automatic=automatic)
        self.log = Log()
        portal = Portal(clock=self.clock)
        portal.seed_defaults()
        organisation = Organisation(clock=self.clock)
        organisation.seed_defaults()
        settings = Settings().model_copy(
            update={
                "gateway_url": URL,
                "hubspot_client_secret": SecretStr(portal.client_secret),
                "hubspot_portal": str(portal.portal_id),
                "xero_webhook_key": SecretStr(organisation.webhook_key),
                "xero_tenant": organisation.tenant_id,
            }
        )
        gateway = create_app(settings, self.log, self.clock.now)
        self.counts = gateway.state.gateway.counts
        caller = httpx.AsyncClient(transport=httpx.ASGITransport(app=gateway))
        self.hubspot = create_hubspot(portal, clock=self.clock, webhook_client=caller)
        self.xero = create_xero(organisation, clock=self.clock)
        self.xero.state.hooks.use(caller)

    async def ask(self, app: object, path: str, **body: object) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as client:  # type: ignore[arg-type]
            answer = await client.post(path, json=body)
            assert answer.is_success, answer.text
            return answer


async def test_hubspots_events_arrive_as_reads_of_what_changed():
    street = Street()
    await street.ask(street.hubspot, "/_sandbox/webhooks", target_url=f"{URL}/webhooks/hubspot")
    made = await street.ask(street.hubspot, "/_sandbox/people/companies", properties={"name": "Acme"})
    deal = {"dealname": "Big", "dealstage": "appointmentscheduled", "pipeline": "default"}
    sold = await street.ask(street.hubspot, "/_sandbox/people/deals", properties=deal)
    company, number = made.json()["id"], sold.json()["id"]
    join = f"/_sandbox/people/deals/{number}/associate"
    await street.ask(street.hubspot, join, to_type="companies", to_id=company, primary=True)
    await street.ask(street.hubspot, "/_sandbox/people/invoices", properties={"hs_currency": "NZD"})
    await street.ask(street.hubspot, "/_sandbox/drain")
    assert street.log.reads().keys() == {"company", "deal", "invoice"}
    assert street.log.reads()["company"] == [company]
    assert street.log.reads()["deal"] == [number]
    assert "refused" not in street.counts.text()
    assert street.counts.of("events", "hubspot", "malformed") == 0


async def test_hubspot_tries_again_when_it_was_turned_away():
    street = Street(automatic=False)  # a clock that jumps would spend all retries while the broker is away
    await street.ask(street.hubspot, "/_sandbox/webhooks", target_url=f"{URL}/webhooks/hubspot")
    street.log.away = True
    await street.ask(street.hubspot, "/_sandbox/people/companies", properties={"name": "Acme"})
    await street.ask(street.hubspot, "/_sandbox/drain", retries=False)
    assert street.counts.of("requests", "hubspot", "unavailable") >= 1
    street.log.away = False
    await street.clock.advance(A_DAY)
    await street.ask(street.hubspot, "/_sandbox/drain")
    assert street.log.reads().keys() == {"company"}


async def test_xeros_handshake_is_passed_and_its_events_arrive():
    street = Street()
    told = await street.ask(street.xero, "/_sandbox/webhooks", target_url=f"{URL}/webhooks/xero")
    assert street.xero.state.hooks.status == "ok", told.text
    assert street.counts.of("requests", "xero", "refused_signature") == 3
    made = await street.ask(street.xero, "/_sandbox/people/Contacts", Contacts=[{"Name": "Acme"}])
    await street.ask(street.xero, "/_sandbox/drain")
    assert street.log.reads() == {"contact": [made.json()["Contacts"][0]["ContactID"]]}
