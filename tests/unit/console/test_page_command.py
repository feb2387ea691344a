"""`revmark page`, before it listens."""

from collections.abc import Callable

from typer.testing import Result


def test_a_page_for_other_machines_does_not_start_without_a_provider(run: Callable[..., Result]):
    answer = run("page", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - it is refused
    assert answer.exit_code == 2
    assert "nobody would have to sign in. Nothing was started" in answer.output
