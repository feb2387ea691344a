"""The steps: what each agent does with the records of one partition, as pure functions over views.

The same steps run under Faust (with the engine's batch views) and under the simulator (with memory views).
"""
