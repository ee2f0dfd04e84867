"""Detectors that learned together from one stream of events, and score it together."""
