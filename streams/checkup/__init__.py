"""What a deployment needs before its first worker starts, looked at piece by piece.

In: settings and where the contract is. Out: findings, one after the other, each with what is wrong and what to do next.
Nothing is written anywhere, except HubSpot's missing properties when that is asked for, and a renewed grant of Xero's.
"""

from streams.checkup.finding import Finding
from streams.checkup.round import checkup

__all__ = ["Finding", "checkup"]
