"""Survey: both sides read as lanes read them, by somebody who may not write.

In: settings, the cursors as they stand. Out: changes and marks as they would lie on the topic. Invariant: no call that
could change anything leaves, and nothing is put on a topic.
"""

from streams.survey.asking import known_by
from streams.survey.onlooker import Onlooker, Watched, onlooker
from streams.survey.reading import Reading, read

__all__ = ["Onlooker", "Reading", "Watched", "known_by", "onlooker", "read"]
