"""People: the command line and the web page.

In: the topics (through the projection, `console.projection`) and what a person types. Out: text, JSON, one web page;
links that a person confirmed go onto the topic `changes`. Never calls a platform.
May import every other room; none imports it.
"""
