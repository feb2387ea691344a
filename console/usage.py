"""What was typed and cannot be: told as every other error is, with what to type instead.

In: an error of the command line's parser. Out: one message. Nothing was begun by then: options are read before a
command runs.
"""

from __future__ import annotations

import re
from typing import Any, cast

import typer

MISUSE = cast("type[Exception]", typer.BadParameter.__base__)  # of all wrong use; typer does not name it
_NOISE = "Value error, "  # what the parser puts before a reason
_SHOWN = re.compile(r"^revmark\b.*$", re.MULTILINE)  # a line of a command's examples


def wrong_use(error: Any) -> str | None:
    """What is wrong, what is left and what to run next; None: it is none of the parser's, or the help was shown."""
    context = error.ctx
    if context is None or type(error).__name__ == "NoArgsIsHelpError":  # the parser has printed the help
        return None
    said = error.format_message().replace(_NOISE, "").rstrip(".")
    path = context.command_path
    shown = _SHOWN.findall(getattr(context.command, "epilog", None) or "")
    example = next((line for line in shown if line.startswith(f"{path} ") or line == path), None)
    after = f"{path} --help" + (f", or as: {example}" if example and "Invalid" not in said else "")
    return f"{said[:1].lower()}{said[1:]}. Nothing was done. Next: {after}"
