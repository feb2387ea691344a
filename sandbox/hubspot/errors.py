"""HubSpot's refusals.

In: what went wrong. Out: the error envelope of HubSpot's error-handling page: status, message, correlationId,
category, and where there are any subCategory, errors, context and links. Invariant: every refusal has an
envelope.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from sandbox.wire import Reply

SCOPES_PAGE = "https://developers.hubspot.com/scopes"


class Problem(Exception):
    """A call HubSpot refuses."""

    def __init__(
        self,
        status: int,
        message: str,
        category: str = "VALIDATION_ERROR",
        *,
        sub_category: str | None = None,
        errors: Sequence[Mapping[str, object]] = (),
        context: Mapping[str, Sequence[str]] | None = None,
        links: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.category = category
        self.sub_category = sub_category
        self.errors = list(errors)
        self.context = dict(context or {})
        self.links = dict(links or {})

    def envelope(self) -> dict[str, object]:
        """Give the body of the reply."""
        body: dict[str, object] = {
            "status": "error",
            "message": self.message,
            "correlationId": str(uuid.uuid4()),
            "category": self.category,
        }
        if self.sub_category:
            body["subCategory"] = self.sub_category
        if self.errors:
            body["errors"] = self.errors
        if self.context:
            body["context"] = self.context
        if self.links:
            body["links"] = self.links
        return body

    def item(self, context: Mapping[str, Sequence[str]]) -> dict[str, object]:
        """Give the form this refusal takes among the errors of a batch."""
        return {
            "status": "error",
            "category": self.category,
            "message": self.message,
            "context": {**self.context, **context},
            "links": self.links,
            "errors": self.errors,
        }

    def reply(self) -> Response:
        """Give the reply."""
        return Reply(self.envelope(), status_code=self.status)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one property value."""

    name: str
    code: str
    message: str


def invalid(message: str, category: str = "VALIDATION_ERROR") -> Problem:
    """Refuse a request that cannot be understood."""
    return Problem(400, message, category)


def invalid_values(faults: Sequence[Fault], portal_id: int) -> Problem:
    """Refuse property values; the details are JSON inside the message, as HubSpot sends them."""
    details = [
        {
            "isValid": False,
            "message": fault.message,
            "error": fault.code,
            "name": fault.name,
            "localizedErrorMessage": fault.message,
            "portalId": portal_id,
        }
        for fault in faults
    ]
    return Problem(
        400,
        "Property values were not valid: " + json.dumps(details, separators=(",", ":")),
        errors=[
            {"message": fault.message, "code": fault.code, "context": {"propertyName": [fault.name]}}
            for fault in faults
        ],
    )


def missing_properties(singular: str, names: Sequence[str]) -> Problem:
    """Refuse a record that lacks what its type requires."""
    return Problem(
        400,
        f"Error creating {singular.upper()}. Some required properties were not set.",
        errors=[
            {"message": f'Required property "{name}" was not set', "code": "REQUIRED_PROPERTY_MISSING",
             "context": {"properties": [name]}}
            for name in names
        ],
        context={"properties": list(names)},
    )  # fmt: skip


def not_found(object_id: str) -> Problem:
    """Refuse a single record that is not there."""
    return Problem(404, "resource not found", "OBJECT_NOT_FOUND", context={"id": [object_id]})


def some_not_found(singular: str, ids: Sequence[str]) -> Problem:
    """Refuse records of a batch that are not there."""
    return Problem(
        404,
        f"Could not get some {singular.upper()} objects, they may be deleted or not exist. Check that ids are valid.",
        "OBJECT_NOT_FOUND",
        context={"ids": list(ids)},
    )


def conflict(label: str, existing_id: int) -> Problem:
    """Refuse a value another record already has."""
    return Problem(409, f"{label} already exists. Existing ID: {existing_id}", "CONFLICT")


def unauthenticated() -> Problem:
    """Refuse a call without a known token."""
    return Problem(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find"
        " more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        "INVALID_AUTHENTICATION",
    )


def expired(ago: str, at: str) -> Problem:
    """Refuse a token that was good once."""
    return Problem(
        401,
        f"The OAuth token used to make this call expired {ago} ago.",
        "EXPIRED_AUTHENTICATION",
        context={"expire time": [at]},
    )


def missing_scopes(scopes: Sequence[str]) -> Problem:
    """Refuse a token that was not granted any of the scopes that would do."""
    return Problem(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes"
        f" here: {SCOPES_PAGE}.",
        "MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
        links={"scopes": SCOPES_PAGE},
    )
