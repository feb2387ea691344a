"""Judgement: the Faust agents and the pure rules they call.

In: records of the topics changes, facts, documents, occurrences and the lanes. Out: facts, verdicts, commands, revenue
events, totals, variances. `rules` and `steps` are pure: time, ids and the contract come in as arguments. May import
`streams`, `tables` and `schemas`.
"""
