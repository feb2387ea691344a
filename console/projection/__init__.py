"""The console's own memory of the topics: one SQLite file that can be thrown away and read again.

In: records of the topics of `streams.topics`. Out: rows to list, count and sum, with the records as they were written.
Invariant: rows and the offsets they came from are written in one transaction, so that a restart neither loses nor
doubles a record, and two readers may fill the same file at once.
"""
