"""Log-anomaly models: a leaf that takes arrays and strings, and knows no rule and no index.

`base.py` is the contract of every detector, `store.py` how one is kept on disk, `registry.py`
finds them. The rooms are the steps from a line to a calibrated score.
"""
