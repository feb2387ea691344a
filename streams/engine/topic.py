"""A topic whose stream yields record batches."""

from typing import Any

from faust.topics import Topic

__all__ = ["BatchTopic"]


class BatchTopic(Topic):
    """A Faust topic read as record batches.

    It is not acknowledged in Faust's way (`acks=False`): the consumer commits the leading run of batches that are
    done. Its queue needs no bound of its own: the consumer stops fetching a partition that has enough in flight.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **{**settings, "acks": False, "maxsize": QUEUE})


QUEUE = 1_000_000  # batches: never reached, see above; Faust wants a number
