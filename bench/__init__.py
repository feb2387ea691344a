"""Measurements: how fast, how late, how big, beside peers and beside what the broker allows.

In: an embedded Kafka and generated or recorded records. Out: tables for people, JSON for machines, `results/`.
Every contestant runs in a process of its own and is recounted by an independent reducer; a wrong one is never fast.
"""
