"""Memory: what is known, and the rows it is kept in.

In: facts of the other rooms. Out: rows (plain JSON values) behind a `View`, so that a step runs the same over a Faust
table, a simulator's partition or a dict. Imports only `schemas`.
"""
