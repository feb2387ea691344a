"""Vocabulary: what things are.

In: nothing. Out: frozen pydantic models for the wire, errors by recovery, the contract.
Imports none of the other rooms, does no I/O (the contract loader reads the one file it is given; `published`, run by hand, writes the JSON Schemas).
"""
