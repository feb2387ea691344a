"""Cyclic garbage is looked for less often, and still found."""

import gc
import subprocess
import sys
import textwrap

SCRIPT = """
    import gc, weakref
    from streams.engine.garbage import YOUNG, look_less_often

    class Knot:
        pass

    def tie():
        knot = Knot()
        knot.itself = knot
        return weakref.ref(knot)

    look_less_often()
    tied = tie()
    few = [[] for _ in range(YOUNG // 2)]
    waits = tied() is not None
    many = [[] for _ in range(YOUNG)]
    print(gc.get_freeze_count() > 1000, waits, tied() is None)
"""


def test_garbage_is_found_after_more_objects_than_python_would_wait_for():
    found = subprocess.run(  # noqa: S603 - a process of its own: thresholds are the process's
        [sys.executable, "-c", textwrap.dedent(SCRIPT)], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["True"] * 3, found
    assert gc.get_threshold()[0] < 50_000  # and this process goes on as it was
