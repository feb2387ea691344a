import pytest

from sandbox.faults import Fault, FaultKind, Faults


def test_a_fault_strikes_the_calls_it_fits() -> None:
    faults = Faults([Fault(FaultKind.STATUS, method="post", path=r"/batch/")])
    assert faults.take(FaultKind.STATUS, "POST", "/crm/x/batch/create")
    assert not faults.take(FaultKind.STATUS, "GET", "/crm/x/batch/create")
    assert not faults.take(FaultKind.STATUS, "POST", "/crm/x")
    assert not faults.take(FaultKind.LATENCY, "POST", "/crm/x/batch/create")


def test_a_fault_strikes_as_often_as_told() -> None:
    faults = Faults([Fault(FaultKind.DROP_AFTER, times=2)])
    struck = [faults.take(FaultKind.DROP_AFTER, "GET", "/") is not None for _ in range(4)]
    assert struck == [True, True, False, False]
    assert faults.listing()[0]["struck"] == 2


def test_the_same_seed_strikes_the_same_calls() -> None:
    def run(seed: int) -> list[bool]:
        faults = Faults([Fault(FaultKind.DROP_AFTER, rate=0.3, seed=seed)])
        return [faults.take(FaultKind.DROP_AFTER, "GET", "/") is not None for _ in range(200)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 30 < sum(run(1)) < 90


def test_faults_are_lifted() -> None:
    faults = Faults()
    fault = faults.add(Fault(FaultKind.LATENCY, params={"seconds": "2.5"}))
    assert fault.number("seconds", 1) == 2.5
    assert fault.number("other", 1) == 1
    assert faults.remove(fault.id)
    assert not faults.remove(fault.id)
    faults.add(Fault(FaultKind.LATENCY))
    faults.clear()
    assert faults.listing() == []
    assert faults.lots(fault).random() == faults.lots(fault).random()


def test_nonsense_is_no_fault() -> None:
    with pytest.raises(ValueError, match="lightning"):
        Fault("lightning")
    with pytest.raises(Exception, match="unterminated"):
        Fault(FaultKind.STATUS, path="[")
