"""The one error of the embedded broker.

BrokerError    it could not be fetched, started or reached: what, what is left behind, what to run next
"""

__all__ = ["BrokerError"]


class BrokerError(RuntimeError):
    """The embedded broker could not be fetched, started or reached."""
