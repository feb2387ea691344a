"""A projection in a temporary folder: the one of the console's own tests."""

from tests.unit.console.conftest import store

__all__ = ["store"]
