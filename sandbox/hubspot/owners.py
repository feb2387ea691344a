"""Owners: the users records can belong to. Read-only over the API."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.wire import iso


@dataclass(frozen=True, slots=True)
class Owner:
    """One user as an owner."""

    id: str
    email: str
    first_name: str
    last_name: str
    user_id: int
    created: datetime
    archived: bool = False

    def wire(self) -> dict[str, object]:
        """Give the form of the owners API."""
        return {
            "id": self.id,
            "email": self.email,
            "type": "PERSON",
            "firstName": self.first_name,
            "lastName": self.last_name,
            "userId": None if self.archived else self.user_id,
            "userIdIncludingInactive": self.user_id,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.created),
            "archived": self.archived,
            "teams": [],
        }


def seeded(now: datetime) -> list[Owner]:
    """Give three owners, one of whom has left; owner ids and user ids differ, as in HubSpot."""
    return [
        Owner("7001", "ada@sandbox.example.com", "Ada", "Sales", 123, now),
        Owner("7002", "ben@sandbox.example.com", "Ben", "Finance", 124, now),
        Owner("7003", "cyd@sandbox.example.com", "Cyd", "Gone", 125, now, archived=True),
    ]
