"""How alerts are shown: writers for every `--output`, the closing summary, and progress.

Everything here reads alert documents (design: the alert document) and trusts none of their
text. `safe` is the one place where text becomes fit for a terminal or a spreadsheet.
"""
