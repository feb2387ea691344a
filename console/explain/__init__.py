"""Explain: one record whole, from the topics alone.

In: the projection, the contract. Out: each field on both sides with its owner and the line that says so, what stands
still and what to do, and every verdict with what followed. Invariant: nothing is decided here; owners, waits and rules'
sentences are asked of the rules that judge.
"""
