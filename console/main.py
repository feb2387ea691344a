"""The command `revmark`.

In: what a person typed. Out: text or JSON on standard output, notes and errors on standard error, an exit code
(`console.exits`). An error of ours is one message; `--verbose` shows where it came from.
"""

from __future__ import annotations

import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from console import commands
from console.exits import WRONG_USE, exit_code
from console.output import note
from console.session import Session, quiet_logs
from console.usage import MISUSE, wrong_use
from schemas.errors import RevmarkError

_CODES = (
    "[bold]Exit codes[/bold]\n\n0 fine \u00b7 1 something needs a person \u00b7 2 wrong use, settings or contract"
    " \u00b7 3 something cannot be reached \u00b7 130 Ctrl-C"
)


class Commands(TyperGroup):
    """The group of all commands: turns errors of ours, and wrong use, into one message and an exit code."""

    def make_context(self, *arguments: Any, **more: Any) -> Any:
        """Read the options before the command's name."""
        try:
            return super().make_context(*arguments, **more)
        except MISUSE as error:
            self._misused(error)
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except MISUSE as error:
            self._misused(error)
            raise
        except RevmarkError as error:
            self._end(ctx, error)
        except RuntimeError as error:
            from streams.broker import BrokerError  # noqa: PLC0415 - loads what resolves Kafka's jars

            if not isinstance(error, BrokerError):
                raise
            self._end(ctx, error)

    def _misused(self, error: Exception) -> None:
        if (said := wrong_use(error)) is not None:
            note(f"revmark: {said}", style="red")
            raise typer.Exit(WRONG_USE) from error

    def _end(self, ctx: Any, error: Exception) -> NoReturn:
        if isinstance(ctx.obj, Session) and ctx.obj.verbose:
            note(traceback.format_exc())
        note(f"revmark: {error}", style="red")
        raise typer.Exit(exit_code(error)) from error


app = typer.Typer(
    cls=Commands,
    name="revmark",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_CODES,
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"revmark {version('revmark')}")
        raise typer.Exit


@app.callback()
def revmark(
    context: typer.Context,
    *,
    env_file: Annotated[
        Path | None, typer.Option("--env-file", help="settings file; REVMARK_ENV_FILE or revmark.env if not given")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="show where an error came from")] = False,
    version: Annotated[  # noqa: ARG001 - answered by its callback
        bool, typer.Option("--version", help="print the version", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Keep HubSpot and Xero agreed about revenue."""
    context.obj = Session(env_file=env_file, verbose=verbose)
    quiet_logs(verbose=verbose)


commands.register(app)


def main() -> None:
    """Run the command line."""
    app(prog_name="revmark")


if __name__ == "__main__":
    main()
