"""A contract that shows records on other objects than today's is refused before anything is replayed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.support.contracts import contract_text

PAYMENTS = {"platforms": {"objects": {"payment": "native"}}}
OTHER = {"platforms": {"objects": {"invoice": {"custom": "revmark_invoice"}}}}


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        (OTHER, 2, "platforms.objects.invoice is revmark_invoice, and this deployment has shown it on native"),
        (PAYMENTS, 3, "no Kafka answers"),
        ({"platforms": {"objects": {"revenue": {"custom": "earned"}}}}, 3, "no Kafka answers"),
    ],
    ids=["another object", "payments as well", "one more"],
)
def test_it_cannot_take_the_place_of_todays(
    tmp_path: Path, run: Callable[..., Result], changes: dict[str, object], code: int, said: str
):
    (tmp_path / "contract.yaml").write_text(contract_text(), encoding="utf-8")
    (tmp_path / "new.yaml").write_text(contract_text(changes), encoding="utf-8")
    result = run("contract", "diff", "new.yaml")
    assert (result.exit_code, said in " ".join(result.output.split())) == (code, True), result.output
