"""`vedette logs check`: is a source of events fit for detection?

Observers look at each event once and keep little; at the end each says what it saw, with numbers
and examples. `registry.py` lists them.
"""
