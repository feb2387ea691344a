"""Movement: how things come and go.

In: webhooks, polls, records of Kafka topics. Out: records of Kafka topics, writes on the platforms.
May import `schemas` and `tables`. The engine (`streams.engine`) imports none of them.
"""
