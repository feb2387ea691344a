"""What Xero refuses, as exceptions the API turns into replies.

::

    Problem
    |- Invalid     one element breaks a rule: ValidationErrors, whole request or that element
    |- Malformed   the body cannot be read: 400, ErrorNumber 14
    |- BadQuery    where, order, page: 400, ErrorNumber 16
    |- Missing     404 with an empty text/html body [REC]
    `- Denied      401, 403: the token or the tenant
"""

from collections.abc import Sequence

from sandbox.xero.wire import Record

EMPTY_ID = "00000000-0000-0000-0000-000000000000"  # echoed for an entity that was not made [REC]


class Problem(Exception):
    """Anything the API answers instead of a result."""

    status = 400

    def body(self) -> Record | None:
        """The JSON body, or None for an empty one."""
        return None


class Invalid(Problem):
    """An element breaks one or more rules."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages

    def errors(self) -> list[Record]:
        """``ValidationErrors`` as on the wire."""
        return [{"Message": message} for message in self.messages]


class Rejected(Problem):
    """A whole request refused because of its elements (``summarizeErrors`` true) [REC]."""

    def __init__(self, elements: Sequence[Record]) -> None:
        super().__init__("A validation exception occurred")
        self.elements = list(elements)

    def body(self) -> Record:
        """ErrorNumber 10 with the echo of each bad element."""
        return {
            "ErrorNumber": 10,
            "Type": "ValidationException",
            "Message": "A validation exception occurred",
            "Elements": self.elements,
        }


class Malformed(Problem):
    """The body is not what the endpoint reads [K]."""

    def body(self) -> Record:
        """ErrorNumber 14."""
        return {"ErrorNumber": 14, "Type": "PostDataInvalidException", "Message": str(self)}


class BadQuery(Problem):
    """A filter, an order or a page that cannot be read [K]."""

    def body(self) -> Record:
        """ErrorNumber 16."""
        return {"ErrorNumber": 16, "Type": "QueryParseException", "Message": str(self)}


class Missing(Problem):
    """No such record, or no such path."""

    status = 404


class Denied(Problem):
    """The token or the tenant is not accepted [REC bodies]."""

    def __init__(self, status: int, title: str, detail: str, *, instance: str, scope: bool = False) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.instance = instance
        self.scope = scope  # say insufficient_scope in WWW-Authenticate

    def body(self) -> Record:
        """The problem document of the gateway."""
        return {
            "Type": None,
            "Title": self.title,
            "Status": self.status,
            "Detail": str(self),
            "Instance": self.instance,
            "Extensions": {},
        }
