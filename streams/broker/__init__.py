"""Apache Kafka on this machine, from pip packages alone.

Flows in: a folder, a number of brokers, perhaps a port.
Flows out: the address of a cluster that answers, and stops with its parent.
Nothing else in Revmark knows how its broker was started; the address is one setting.
May import nothing of Revmark.
"""

from streams.broker.embedded import KAFKA_VERSION, EmbeddedKafka
from streams.broker.errors import BrokerError
from streams.broker.progress import Progress, Step

__all__ = ["KAFKA_VERSION", "BrokerError", "EmbeddedKafka", "Progress", "Step"]
