"""Who acts: our app over the API, a person in the browser, a vandal in the database."""

from dataclasses import dataclass

from sandbox.hubspot.records import Source
from sandbox.log import Actor as Role

PERSON = 123  # the user id of whoever clicks in the stories


@dataclass(frozen=True, slots=True)
class Actor:
    """Who wrote, and how history and webhooks name them."""

    role: Role
    source: Source

    @property
    def user_id(self) -> int | None:
        """Give the HubSpot user, when there is one."""
        return self.source.user_id


def person(user_id: int = PERSON) -> Actor:
    """Give a person in HubSpot's own pages."""
    return Actor("person", Source("CRM_UI", f"userId:{user_id}", None, user_id))


def app(source_type: str, app_id: int, label: str) -> Actor:
    """Give an app that writes through the API."""
    return Actor("api", Source(source_type, str(app_id), label))
