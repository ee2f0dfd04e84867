"""Transformers over sequences: what comes next, what is hidden, and how far that was foreseen.

Training is PyTorch's (`network.py`); scoring is NumPy's (`forward.py`), from the same weights.
"""
