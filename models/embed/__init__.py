"""Texts as vectors: what means the same lies close together.

`encoder.py` is the contract, `choose.py` picks one: MiniLM where it is installed (`minilm.py` in
NumPy, `sentence.py` in torch), else hashed n-grams (`hashing.py`). `cache.py` remembers, `pca.py`
reduces, `tune.py` fits MiniLM to a site's own lines, `retrieval.py` says what that gained.
"""
