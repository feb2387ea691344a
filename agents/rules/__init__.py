"""The rules: pure functions of values. No Faust, no clock, no I/O, no randomness."""
