"""Made-up events to try the engine on: a company's day, with an intrusion hidden in it.

`generate` yields the events, `generate_labelled` also the truth about each, `write` makes a
file of them.
"""

from vedette.demo.day import START, generate, generate_labelled, write
from vedette.demo.intrusion import Truth

__all__ = ["START", "Truth", "generate", "generate_labelled", "write"]
