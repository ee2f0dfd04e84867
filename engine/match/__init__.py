"""Sigma matching: expressions, their predicates, and the evaluators that say whether one holds."""
