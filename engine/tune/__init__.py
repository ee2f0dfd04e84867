"""Tuning: exceptions, suppression, building blocks, overrides and caps.

What is held back is never gone without a word: it is counted, and told (docs/tuning.md).
"""
