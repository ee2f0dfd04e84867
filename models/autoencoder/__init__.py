"""Networks that squeeze a vector and make it again: what they make badly is strange.

Training is PyTorch's. What they compute is written once, for NumPy and PyTorch alike.
"""
