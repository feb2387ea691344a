"""The demo: the main job on one machine, played over HTTP and Kafka with nothing short-circuited.

`stage` starts the real processes, `cast` says what exists before the curtain rises, `people` is what people do in the
two systems, `witness` watches the topics, `story` plays and checks, `account` tells what came of it.
"""
