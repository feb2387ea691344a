"""Worlds are played without logs, and without the settings of whoever runs the tests."""

from tests.support.quiet import quiet

__all__ = ["quiet"]
