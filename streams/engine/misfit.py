"""Whether local state and the changelog it was read from still belong together.

Flows in: the offset local state reaches to, and where the changelog begins and ends. Flows out: why it must be rebuilt.
"""

__all__ = ["TOMBSTONES_KEPT", "misfit"]

TOMBSTONES_KEPT = 7 * 24 * 3600 * 1000  # milliseconds a changelog keeps deletions after it compacts what they delete
MARGIN = 24 * 3600 * 1000  # milliseconds: catching up takes some, and clocks differ
DAY = 24 * 3600 * 1000  # milliseconds


def misfit(reach: int | None, begin: int, end: int, *, age: int | None = None) -> str | None:
    """Return why local state cannot be caught up, if it cannot.

    Args:
        reach: offset of the last changelog record that local state has, if it has any.
        begin: offset of the first record the changelog has.
        end: offset the next record will get.
        age: milliseconds since local state was known to miss nothing, where that is known.
    """
    if reach is None:
        return None
    if reach >= end:
        return (
            f"it reaches to offset {reach:,} and the changelog ends at {end:,}: "
            "the topic was made anew, or the broker lost records"
        )
    if reach + 1 < begin:
        return (
            f"it reaches to offset {reach:,} and the changelog begins at {begin:,}: "
            "records were removed that may have been deletions"
        )
    if age is not None and age > TOMBSTONES_KEPT - MARGIN:
        return (
            f"it was kept up to date until {age / DAY:.1f} days ago, and the changelog keeps deletions for "
            f"{TOMBSTONES_KEPT / DAY:.0f}: some may be gone"
        )
    return None
