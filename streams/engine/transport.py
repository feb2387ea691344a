"""Faust's Kafka transport with our consumer and producer in it."""

from typing import ClassVar

from faust.transport.drivers import aiokafka as driver
from faust.types.transports import ConsumerT, ProducerT

from streams.engine.consumer import BatchConsumer
from streams.engine.producer import BatchProducer

__all__ = ["BatchTransport"]


class BatchTransport(driver.Transport):
    """The transport of an engine app."""

    Consumer: ClassVar[type[ConsumerT]] = BatchConsumer
    Producer: ClassVar[type[ProducerT]] = BatchProducer
