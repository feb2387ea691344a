"""Vocabulary: what things are.

In: nothing. Out: frozen pydantic models for the wire, errors by recovery, the contract.
Imports none of the other rooms and does no I/O, but for the contract loader, which reads the one file it is given, and
`published`, which writes the JSON Schemas when it is run by hand.
"""
