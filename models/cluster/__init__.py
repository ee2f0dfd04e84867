"""What lies close together: clusters of vectors and texts, and how far from all of them one is.

`clustering.py` is what all methods share, one method a file; `texts.py` joins an encoder, a
reduction and a method, `labels.py` names clusters, `identity.py` keeps their numbers when they are
made anew, `remembered.py` keeps the score of each template.
"""
