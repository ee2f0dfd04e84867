"""Sigma's correlations: rules over the matches of rules, on windows that slide in event time.

`engine.load` reads them, `Correlator` evaluates them, `engine.correlate.document` makes alerts
of what it finds. The semantics are `docs/correlations.md`.
"""
