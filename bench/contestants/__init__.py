"""One module per contestant, run as a process: `python -m bench.contestants.<name> '<plan as JSON>'`.

Each does the job of `bench.job` with the means of its library and says when the last record was durable.
"""
