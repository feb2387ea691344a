"""Checks: each invariant of the list that defines correct, over what a witness saw. Each returns what violates it."""
