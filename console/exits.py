"""Exit codes, and which error leads to which.

0  fine
1  something was found that needs a person (an open variance, a quarantined record, a failed check)
2  wrong use: an option, a setting or the contract
3  a broker, a platform or a process cannot be reached, or this part cannot be loaded
130  stopped with Ctrl-C
"""

from __future__ import annotations

from schemas.errors import Fatal, Refused

FINE = 0
NEEDS_PERSON = 1
WRONG_USE = 2
UNREACHABLE = 3
INTERRUPTED = 130  # what shells report for a process that SIGINT ended


def exit_code(error: Exception) -> int:
    """The exit code for an error of ours; one of the embedded broker means that it cannot be reached."""
    return WRONG_USE if isinstance(error, Refused | Fatal) else UNREACHABLE
