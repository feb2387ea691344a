"""Whether local state and the changelog it was read from still belong together.

Flows in: the offset local state reaches to, and where the changelog begins and ends. Flows out: why it must be rebuilt.
"""

__all__ = ["misfit"]


def misfit(reach: int | None, begin: int, end: int) -> str | None:
    """Return why local state cannot be caught up, if it cannot.

    Args:
        reach: offset of the last changelog record that local state has, if it has any.
        begin: offset of the first record the changelog has.
        end: offset the next record will get.
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
    return None
