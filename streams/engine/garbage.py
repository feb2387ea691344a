"""How often Python looks for cyclic garbage in a worker.

A batch makes tens of thousands of tuples and dictionaries that no cycle holds; with Python's own thresholds (a look
at every 2,000) those looks were a sixth of a busy worker's time. Reference counting frees them anyway; what is in
cycles (tracebacks, finished tasks) is still found, a little later.
"""

import gc

__all__ = ["look_less_often"]

YOUNG = 50_000  # objects made and not freed before a look at the young: some 10 MB at most wait for it
MIDDLE, OLD = 20, 50  # looks at the younger before one at the older: Python's own are 10 and 10


def look_less_often() -> None:
    """Set aside what was made so far (modules and classes, which stay), and look less often from now on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
